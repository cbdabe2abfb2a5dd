"""`make demo`: the main job of Headgate, shown on a real Kubernetes with real pods, real jobs and a real broker.

What is shown is measured: every job is accounted for from a ledger that the workers write, not from what Headgate says.
"""
