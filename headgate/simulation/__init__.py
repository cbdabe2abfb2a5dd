"""A plant for scaling laws: jobs arrive, pods start, work and leave, and a law is asked for replicas.

The law under test is the reconciler's own, `reconciler.plans`, fed by the same measuring code. Everything is seeded;
time is simulated and nothing here does I/O.
"""
