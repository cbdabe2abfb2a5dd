"""The operator: it makes the cluster follow Queues and WorkerPools.

Watch events fill the store and wake keys in the work queue; a key is worked by one task at a time. Every phase gathers
facts, lets a pure plan decide, and applies the result; status is written once, at the end, by one writer. Nothing is
remembered that the cluster or the broker does not also say, so a restart at any moment is harmless.
"""
