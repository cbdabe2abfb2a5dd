"""The objects made for a WorkerPool, as pure functions of it, its queues and its effective values.

A pool has one paused Deployment for each revision, one ConfigMap and one PodDisruptionBudget. None has an owner
reference: deleting the pool must not delete busy pods, so the reconciler removes them itself after the drain.
"""
