"""Another owner of replicas: reported, and not fought.

A HorizontalPodAutoscaler or a ScaledObject that targets a pool's Deployment writes it again and again; taking the
number back each time would start and drain the same workers for ever. So the pool is left to it, until it has written
nothing for ten minutes. A number that a person sets is taken back at once.
"""

from __future__ import annotations

from typing import Final

from reconciler.conditions import SCALING_ACTIVE
from reconciler.context import Context
from reconciler.memory import PoolMemory
from reconciler.ownership import autoscaler_of
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.plans.decision import BoundBy, ReplicaDecision
from reconciler.reasons import Reason

QUIET_SECONDS: Final = 600.0
SUMMARY: Final = "left to another autoscaler"


def left_to_another(state: ScalingState, ctx: Context) -> ReplicaDecision | None:
    """The decision to change nothing while another autoscaler is at work; None where there is none."""
    memory = ctx.pools.setdefault(state.uid, PoolMemory())
    children = ctx.store.children_of_pool(state.uid)
    found = [
        (f"{child['kind']} {child['metadata']['name']}", writer)
        for child in children
        if (writer := autoscaler_of(child)) is not None
    ]
    if found:
        memory.contested_at = ctx.monotonic()
    left = memory.contested_at + QUIET_SECONDS - ctx.monotonic()
    if left <= 0:
        return None
    state.again(left)
    child, manager = (found[0][0], found[0][1][0]) if found else ("", "an autoscaler")
    where = f" of {child}" if child else ""
    message = (
        f"{manager} sets the replicas{where}: remove its HorizontalPodAutoscaler or ScaledObject; nothing is scaled"
    )
    state.conditions.false(SCALING_ACTIVE, Reason.ANOTHER_AUTOSCALER, message)
    replicas = sum(int(one["spec"].get("replicas", 1)) for one in children)
    return ReplicaDecision(replicas, BoundBy.PAUSED, summary=SUMMARY, may_shrink=False, demand=replicas)


def holds_by_autoscaler(state: ScalingState) -> str:
    """The autoscaler that has written the pool's hold through its scale subresource; empty where a person did."""
    writer = autoscaler_of(state.obj) if state.spec.get("hold") else None
    return writer[0] if writer is not None else ""
