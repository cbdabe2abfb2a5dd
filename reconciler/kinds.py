"""Everything the reconciler does, kind by kind."""

from __future__ import annotations

from typing import Any, Final

from reconciler.phases import Reconcile
from reconciler.phases.policy import CLUSTER_POLICY, POLICY
from reconciler.phases.pool import WORKER_POOL
from reconciler.phases.queue import QUEUE

KINDS: Final[tuple[Reconcile[Any], ...]] = (QUEUE, WORKER_POOL, POLICY, CLUSTER_POLICY)
