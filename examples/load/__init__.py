"""Load for a queue, and the proof of what became of it.

`patterns` says when jobs arrive, `work` what they are, `generator` sends them, open loop: a job is sent when
the pattern says so, however far behind the workers are. Workers and generator write one ledger at the broker;
`ledger` reads it, `account` says for every job whether it was done, died, is still queued, or was lost, and
`report` prints that.
"""
