"""Workers on nodes that go: who is not asked yet, because the pool can't do without it until others have started.

How long the same ones have been held back is only in memory: a new leader begins anew.
"""

from __future__ import annotations

from typing import Final

from reconciler.conditions import RECONCILING
from reconciler.context import Context
from reconciler.phases.pool.aim import is_failing, limits_of
from reconciler.phases.pool.aim_set import most_out
from reconciler.phases.pool.room import see_room
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.plans.child import Pod
from reconciler.plans.evacuation import AT_ONCE, Held, Prospect, evacuation, out_of_room, successors
from reconciler.plans.rollout import Bounds
from reconciler.reasons import Reason

LOOK_SECONDS: Final = {Prospect.UNDECIDED: 5.0, Prospect.NODE_COMES: 15.0}
"""How soon it is looked again what autoscalers say: that it comes to nothing may be late."""


async def see_who_stays(state: PoolState, ctx: Context, wanted: int) -> None:
    """Where nobody can be started, or has been in time, all are asked at once."""
    memory, now = memory_of(state, ctx), ctx.monotonic()
    leaving = [] if state.missing or state.taken else [pod for pod in state.view.all_pods if _has_time(state, pod)]
    state.evacuation = AT_ONCE
    if not leaving:
        memory.held = Held()
        return
    prospect = await _prospect(state, ctx, leaving)
    memory.held = memory.held.seen(frozenset(pod.uid for pod in leaving), prospect, now)
    left = memory.held.ends(memory.startup_seconds or state.startup) - now
    if left > 0:
        limits = Bounds(0, max(1, most_out(state))) if state.stateful else limits_of(state, wanted)
        state.evacuation = evacuation(leaving, state.view.all_pods, limits, wanted)
    if state.evacuation.held:
        state.again(min(left, LOOK_SECONDS.get(prospect, left)))
        message = "Workers of nodes that are to be emptied stay until others serve in their place"
        state.conditions.true(RECONCILING, Reason.PROGRESSING, message + prospect.value)


async def _prospect(state: PoolState, ctx: Context, leaving: list[Pod]) -> Prospect:
    coming = successors(leaving, state.view.all_pods)
    failing = any(is_failing(child.get("status") or {}) for child in state.view.children)
    return await see_room(state, ctx, coming) if out_of_room(coming, failing=failing) else Prospect.STARTING


def _has_time(state: PoolState, pod: Pod) -> bool:
    return pod.active and pod.request is None and state.leaving_nodes.get(pod.node) is False
