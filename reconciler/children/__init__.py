"""The objects a WorkerPool owns, as pure functions of its spec and effective values.

None of them carries an ownerReference: `--cascade=foreground` would otherwise delete workers past the finalizer. They
are found by the label with the pool's uid, and removed by the reconciler after the drain.
"""
