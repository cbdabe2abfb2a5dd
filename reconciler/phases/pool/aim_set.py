"""How many workers a StatefulSet shall have, and how many of another revision may leave at a time.

It has no room beside itself, so there is no surge: of the places that are wanted some lack a worker while it is
replaced, at least one however low `rollout.maxUnavailable` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from reconciler.context import Context
from reconciler.phases.pool.aim import child_of, proves, replicas_of, serves_on
from reconciler.phases.pool.pods import is_finished
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import revision_label
from reconciler.plans.child import Child, Pod
from reconciler.plans.ordinals import replaceable
from reconciler.plans.rollout import bounds

STUCK_SECONDS: Final = 30.0
"""Its controller starts what is missing within a second, where the API server lets it."""
LOOK_SECONDS: Final = 2.0

Object = Mapping[str, Any]


def aims_of_set(state: PoolState, wanted: int, *, waiting: bool) -> dict[str, int]:
    """`waiting` says whether there is a job that a new worker could have taken, or nobody knows."""
    assert state.effective is not None  # noqa: S101 - for the type checker: resolve has run
    child = state.child
    if child is None:
        return {}
    present = revision_label(child)
    serving = [pod for pod in state.view.pods if serves_on(state, pod) and not is_finished(pod)]
    proving = {revision_label(pod) for pod in serving if proves(state, pod, waiting=waiting)}
    state.proved = {name for name in state.view.revisions if name in state.proved_before or name in proving}
    state.leader, state.targets = present, {present: wanted}
    state.replacing = None
    if state.missing:
        state.targets = {present: min(wanted, replicas_of(child))}
    elif any(pod.active and revision_label(one) != present for one, pod in _paired(state)):
        # Only time tells that a new worker serves.
        state.again(LOOK_SECONDS)
        # What has failed replaces nobody; the one that it gave way to does.
        if not state.halted and not (state.failure and present == state.revision):
            new = {pod["metadata"]["uid"] for pod in serving if revision_label(pod) == present}
            counted = {pod["metadata"]["uid"] for pod in serving} - (set() if present in state.proved else new)
            state.replacing = replaceable(the_set(state, child), max(1, most_out(state)), counted)
    return state.targets


def most_out(state: PoolState) -> int:
    """`rollout.maxUnavailable` as it is in force, in pods; 0 counts as 1."""
    if state.effective is None or state.decision is None:
        return 0
    return bounds(1, state.effective.get("rollout.maxUnavailable"), state.decision.to).unavailable


def the_set(state: PoolState, child: Object) -> Child:
    present = revision_label(child)
    pods = [replace(pod, ordinal=_ordinal(pod), outdated=revision_label(one) != present) for one, pod in _paired(state)]
    made = child_of(state, child, pods)
    return replace(made, ordered=True, replacing=state.replacing, failing=state.stuck)


def see_whether_stuck(state: PoolState, ctx: Context) -> None:
    """Whether the same places have had no pod for so long that none will come: quota, or a node that is lost."""
    if not state.stateful or state.child is None:
        return
    memory = memory_of(state, ctx)
    here = {_ordinal(pod) for pod in state.view.all_pods if pod.active}
    absent = frozenset(range(int(state.child["spec"].get("replicas", 1)))) - here
    if absent != memory.absent[0]:
        memory.absent = (absent, ctx.monotonic())
    state.stuck = bool(absent) and ctx.monotonic() - memory.absent[1] >= STUCK_SECONDS


def _paired(state: PoolState) -> list[tuple[Object, Pod]]:
    return list(zip(state.view.pods, state.view.all_pods, strict=True))


def _ordinal(pod: Pod) -> int:
    return int(pod.name.rpartition("-")[2])
