"""Version v1 of the API: the hub and the stored version."""

from crds.v1.policy import ClusterPolicy, ClusterPolicySpec, Policy, PolicySpec
from crds.v1.policy_status import PolicyStatus
from crds.v1.queue import Queue, QueueSpec
from crds.v1.queue_status import QueueStatus
from crds.v1.workerpool import WorkerPool, WorkerPoolSpec
from crds.v1.workerpool_status import WorkerPoolStatus

__all__ = [
    "ClusterPolicy",
    "ClusterPolicySpec",
    "Policy",
    "PolicySpec",
    "PolicyStatus",
    "Queue",
    "QueueSpec",
    "QueueStatus",
    "WorkerPool",
    "WorkerPoolSpec",
    "WorkerPoolStatus",
]
