"""The policy engine: which policies apply, what they forbid, what they default.

Pure: a decision is a function of `Facts` (objects, user, snapshot, time). The server, the reconciler's audit and the
offline commands all call the same functions, so the same input gets the same verdict everywhere.
"""
