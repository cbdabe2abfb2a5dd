"""Version v1beta1 of the API: the words of go-redis-work-queue's drafted operator, served beside v1 and deprecated.

Nothing is stored in it. What it accepts is never wider than what v1 can be made of, and everything v1 can be is
something it accepts, so that an object made in either version can be edited in the other.
"""

from crds.v1beta1.policy import Policy, PolicySpec
from crds.v1beta1.queue import Queue, QueueSpec
from crds.v1beta1.workerpool import WorkerPool, WorkerPoolSpec

__all__ = ["Policy", "PolicySpec", "Queue", "QueueSpec", "WorkerPool", "WorkerPoolSpec"]
