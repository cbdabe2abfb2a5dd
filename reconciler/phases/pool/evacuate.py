"""Workers on nodes that go: who is not asked yet, because the pool can't do without it until others have started.

How long the same ones have been held back is only in memory: a new leader begins anew.
"""

from __future__ import annotations

from reconciler.conditions import RECONCILING
from reconciler.context import Context
from reconciler.phases.pool.aim import limits_of
from reconciler.phases.pool.aim_set import most_out
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.plans.child import Pod
from reconciler.plans.evacuation import AT_ONCE, evacuation, patience
from reconciler.plans.rollout import Bounds
from reconciler.reasons import Reason


def see_who_stays(state: PoolState, ctx: Context, wanted: int) -> None:
    """Where nobody can be started, or has been in time, all are asked at once."""
    memory, now = memory_of(state, ctx), ctx.monotonic()
    leaving = [] if state.missing or state.taken else [pod for pod in state.view.all_pods if _has_time(state, pod)]
    uids = frozenset(pod.uid for pod in leaving)
    if uids != memory.held[0]:
        memory.held = (uids, now)
    left = memory.held[1] + patience(memory.startup_seconds or state.startup) - now
    state.evacuation = AT_ONCE
    if leaving and left > 0:
        limits = Bounds(0, max(1, most_out(state))) if state.stateful else limits_of(state, wanted)
        state.evacuation = evacuation(leaving, state.view.all_pods, limits, wanted)
    if state.evacuation.held:
        state.again(left)
        message = "Workers of nodes that are to be emptied stay until others serve in their place"
        state.conditions.true(RECONCILING, Reason.PROGRESSING, message)


def _has_time(state: PoolState, pod: Pod) -> bool:
    return pod.active and pod.request is None and state.leaving_nodes.get(pod.node) is False
