"""What the scaling phase adds to the state of a WorkerPool's pass."""

from __future__ import annotations

from dataclasses import dataclass

from policies.effective import Effective
from reconciler.context import Context
from reconciler.memory import PoolMemory
from reconciler.phases import State
from reconciler.plans.decision import Record, ReplicaDecision


@dataclass(kw_only=True)
class ScalingState(State):
    """`decision` is what the phases after `scale` carry out; `record` is the last one that changed something.

    `effective` is filled by `scale` where no phase before it has done so. `revision` is the one the spec asks for,
    empty while it cannot be known. `surge` is how many more pods than wanted a budget leaves for a rollout, None where
    no budget bounds the pool. `inherited` are the replicas of a Deployment that is taken over. With `gives`
    it gives workers to another pool, and those `spared`, by uid, stay with it.
    """

    effective: Effective | None = None
    decision: ReplicaDecision | None = None
    record: Record | None = None
    revision: str = ""
    surge: int | None = None
    inherited: int = 0
    gives: bool = False
    spared: frozenset[str] = frozenset()


def memory_of(state: ScalingState, ctx: Context) -> PoolMemory:
    known = ctx.pools.get(state.uid)
    if known is None:
        known = ctx.pools[state.uid] = PoolMemory()
    return known
