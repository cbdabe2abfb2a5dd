"""Everything the reconciler does, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import meta
from reconciler.context import Context
from reconciler.outcome import Outcome
from reconciler.phases import Object, Reconcile, State
from reconciler.phases.pool import WORKER_POOL
from reconciler.phases.queue import QUEUE


def begin(obj: Object, ctx: Context) -> State:
    return State(obj=obj, now=ctx.clock())


def nothing_more(state: State, outcome: Outcome) -> Mapping[str, Any]:
    """A status that is all conditions."""
    return {}


POLICY: Final = Reconcile(kind=meta.POLICY, begin=begin, phases=(), summarize=nothing_more)
CLUSTER_POLICY: Final = Reconcile(kind=meta.CLUSTER_POLICY, begin=begin, phases=(), summarize=nothing_more)
KINDS: Final[tuple[Reconcile[Any], ...]] = (QUEUE, WORKER_POOL, POLICY, CLUSTER_POLICY)
