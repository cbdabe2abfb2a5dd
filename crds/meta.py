"""The kinds of the group and the names by which Headgate marks other people's objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GROUP: Final = "work.headgate.dev"
VERSION: Final = "v1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
BETA: Final = "v1beta1"
BETA_API_VERSION: Final = f"{GROUP}/{BETA}"
DOMAIN: Final = "headgate.dev"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of the API, as `kubectl api-resources` lists it."""

    kind: str
    plural: str
    singular: str
    short_name: str
    namespaced: bool = True


QUEUE: Final = Kind("Queue", "queues", "queue", "hq")
WORKER_POOL: Final = Kind("WorkerPool", "workerpools", "workerpool", "wp")
POLICY: Final = Kind("Policy", "policies", "policy", "hpol")
CLUSTER_POLICY: Final = Kind("ClusterPolicy", "clusterpolicies", "clusterpolicy", "chpol", namespaced=False)
KINDS: Final = (QUEUE, WORKER_POOL, POLICY, CLUSTER_POLICY)
# The kinds that v1beta1 has, too.
BETA_KINDS: Final = (QUEUE, WORKER_POOL, POLICY)

DRAIN_FINALIZER: Final = f"{DOMAIN}/drain"

LABEL_POOL: Final = f"{DOMAIN}/pool"
LABEL_POOL_UID: Final = f"{DOMAIN}/pool-uid"
LABEL_REVISION: Final = f"{DOMAIN}/revision"
LABEL_DRAINED: Final = f"{DOMAIN}/drained"
LABEL_INSTALL: Final = f"{DOMAIN}/install"
LABEL_BROKER_CREDENTIALS: Final = f"{DOMAIN}/broker-credentials"

ANNOTATION_DRAIN: Final = f"{DOMAIN}/drain"
ANNOTATION_DRAINED_INSTANCE: Final = f"{DOMAIN}/drained-instance"
ANNOTATION_CONFIG_GENERATION: Final = f"{DOMAIN}/config-generation"
ANNOTATION_ADMIN_PATH: Final = f"{DOMAIN}/admin-path"
ANNOTATION_GUARD: Final = f"{DOMAIN}/guard"
ANNOTATION_FAILED: Final = f"{DOMAIN}/failed"
ANNOTATION_TRUSTED: Final = f"{DOMAIN}/trusted"
ANNOTATION_RESTARTED_AT: Final = f"{DOMAIN}/restarted-at"
ANNOTATION_ROLLOUT: Final = f"{DOMAIN}/rollout"
ANNOTATION_PREVIOUS: Final = f"{DOMAIN}/previous-revision"
ANNOTATION_TAKEN_OVER: Final = f"{DOMAIN}/taken-over-by"
ANNOTATION_SHAPE: Final = f"{DOMAIN}/shape"
ANNOTATION_NO_RESIZE: Final = f"{DOMAIN}/no-resize"
ANNOTATION_CONVERSION_DATA: Final = f"{DOMAIN}/conversion-data"
ANNOTATION_BREAK_GLASS: Final = f"{DOMAIN}/break-glass"
ANNOTATION_DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
