"""Another owner of replicas: reported, and not fought.

A HorizontalPodAutoscaler or a ScaledObject that targets a pool's Deployment writes it again and again; taking the
number back each time would start and drain the same workers for ever. So the pool is left to it. One that is content
with the number writes nothing and leaves its name in the managed fields when it is deleted, so once it has written
nothing for ten minutes it is looked for: the pool is taken back where none targets it any more. A number that a person
sets is taken back at once.

The API server does not say when something was written through /scale, so it is noted when an autoscaler's number has
changed. Of what stood there already at the first look nobody knows the age, and it is looked for at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kube.resources import AUTOSCALERS
from reconciler.conditions import SCALING_ACTIVE
from reconciler.context import Context
from reconciler.ownership import autoscaler_at, autoscaler_of
from reconciler.phases.pool.scaling_state import ScalingState, memory_of
from reconciler.plans.decision import BoundBy, ReplicaDecision
from reconciler.reasons import Reason

QUIET_SECONDS: Final = 600.0
LOOK_SECONDS: Final = 60.0
"""How often one that writes nothing is looked for."""
SUMMARY: Final = "left to another autoscaler"
Object = Mapping[str, Any]


async def left_to_another(state: ScalingState, ctx: Context) -> ReplicaDecision | None:
    """The decision to change nothing while another autoscaler is at work; None where there is none."""
    children = ctx.store.children_of_pool(state.uid)
    written = [(child, *writer) for child in children if (writer := autoscaler_of(child)) is not None]
    seen_for = _seen_for([child for child, *_ in written], state, ctx)
    if not written:
        return None
    ages = [(state.now - datetime.fromisoformat(time)).total_seconds() if time else seen_for for *_, time in written]
    child, manager, _ = written[ages.index(min(ages))]
    left = QUIET_SECONDS - max(0.0, min(ages))
    if left <= 0:
        if not await _targeted([one for one, *_ in written], state, ctx):
            return None
        left = LOOK_SECONDS
    state.again(left)
    message = (
        f"{manager} sets the replicas of {child['kind']} {child['metadata']['name']}: remove its"
        " HorizontalPodAutoscaler or ScaledObject; nothing is scaled"
    )
    state.conditions.false(SCALING_ACTIVE, Reason.ANOTHER_AUTOSCALER, message)
    replicas = sum(int(one["spec"].get("replicas", 1)) for one in children)
    return ReplicaDecision(replicas, BoundBy.PAUSED, summary=SUMMARY, may_shrink=False, demand=replicas)


def holds_by_autoscaler(state: ScalingState) -> str:
    """The autoscaler that has written the pool's hold through its scale subresource; empty where a person did."""
    writer = autoscaler_of(state.obj) if state.spec.get("hold") else None
    return writer[0] if writer is not None else ""


def _seen_for(written: Sequence[Object], state: ScalingState, ctx: Context) -> float:
    """For how many seconds the numbers that an autoscaler has written have stood; for ever at first sight."""
    memory = memory_of(state, ctx)
    numbers = {child["metadata"]["uid"]: int(child["spec"].get("replicas", 1)) for child in written}
    if memory.autoscaled is None:
        memory.autoscaled = (numbers, float("-inf"))
    elif memory.autoscaled[0] != numbers:
        memory.autoscaled = (numbers, ctx.monotonic())
    return ctx.monotonic() - memory.autoscaled[1]


async def _targeted(children: Sequence[Object], state: ScalingState, ctx: Context) -> bool:
    """Whether there is a HorizontalPodAutoscaler for one of them, as a ScaledObject has one too."""
    memory = memory_of(state, ctx)
    if ctx.monotonic() - memory.autoscaler_sought_at >= LOOK_SECONDS:
        scalers = (await ctx.client.list(AUTOSCALERS, state.namespace)).items
        memory.autoscaler_found = any(
            autoscaler_at(child["kind"], child["metadata"]["name"], scalers) for child in children
        )
        memory.autoscaler_sought_at = ctx.monotonic()
    return memory.autoscaler_found
