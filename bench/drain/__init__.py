"""How fast drained workers leave and whether a busy one is ever killed, on real pods, beside a plain Deployment.

Removals of every kind are made under a steady load of short and long jobs, while the operator is killed at random. A
ledger that the workers write says what became of every job, and a watch when every pod was deleted and gone.
"""
