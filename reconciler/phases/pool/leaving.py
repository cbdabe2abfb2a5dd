"""What the condition Draining says: who has been asked to leave, who is over its time, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.children.template import shows_its_end
from reconciler.children.ways import Way
from reconciler.conditions import DRAINING
from reconciler.context import Context
from reconciler.phases.pool.ask import keeps_records
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.plans.child import Pod
from reconciler.plans.removal import Wait
from reconciler.reasons import Reason
from reconciler.workers import Activity

NAMED: Final = 3
UNWRAPPED: Final = (
    "Workers that headgate-wait does not run cannot prove themselves idle, so none leaves: name what they run in"
    " spec.command, or begin the image's ENTRYPOINT with headgate-wait"
)
ELSEWHERE: Final = (
    "The agent writes what it sees to the Redis of the queues, and not all queues of this pool are in one, so nobody"
    " leaves: have workers answer over HTTP, and set spec.drain.method to AdminAPI"
)


def tell_leaving(state: PoolState, ctx: Context) -> None:
    """Nothing where nobody leaves. An Event tells once of each that is over its time."""
    leaving = [pod for pod in state.view.all_pods if pod.request is not None and pod.active]
    if not leaving:
        return
    late = [pod for pod in leaving if _is_late(state, pod)]
    _announce(state, ctx, late)
    if state.paused and not state.deleting:
        message = f"spec.paused is set, so none is removed that was asked to drain: {_names(leaving)}"
        state.conditions.true(DRAINING, Reason.PAUSED, message)
    elif cause := _unprovable(state, leaving):
        state.conditions.true(DRAINING, Reason.CANNOT_PROVE, cause)
    elif late:
        state.conditions.true(
            DRAINING, Reason.DRAIN_TIMED_OUT, f"Over drain.timeout: {_names(late)}{_why(state, late)}"
        )
    elif Wait.UNREADY in state.waits.values():
        message = "A worker that is not ready would be removed instead of the drained ones; waiting for it"
        state.conditions.true(DRAINING, Reason.UNREADY_WORKER, message)
    elif not state.deleting:
        state.conditions.true(DRAINING, Reason.DRAINING, "Workers finish their jobs before they go")


def _unprovable(state: PoolState, leaving: Sequence[Pod]) -> str:
    """Why nobody who is to leave is heard of, where that can't be otherwise; empty elsewhere."""
    silent = all(pod.worker.activity is Activity.UNKNOWN and pod.runs for pod in leaving)
    if state.way is not Way.BROKER or not silent:
        return ""
    if not all(map(keeps_records, state.worked)):
        return ELSEWHERE
    queues = [worked.obj for worked in state.worked]
    return UNWRAPPED if state.template is not None and not shows_its_end(state.template, queues) else ""


def _is_late(state: PoolState, pod: Pod) -> bool:
    assert pod.request is not None  # noqa: S101 - for the type checker: chosen by it
    return state.now.timestamp() - pod.request.since >= state.drain_timeout


def _announce(state: PoolState, ctx: Context, late: Sequence[Pod]) -> None:
    memory = memory_of(state, ctx)
    for pod in late:
        if pod.uid not in memory.overdue:
            message = f"{pod.name} drains for longer than drain.timeout{_why(state, [pod])}"
            ctx.events.warning(state.obj, Reason.DRAIN_TIMED_OUT, message)
    memory.overdue = {pod.uid for pod in late}


def _why(state: PoolState, late: Sequence[Pod]) -> str:
    """What keeps them, and the way out where only somebody's word can be one."""
    if state.skewed and state.on_timeout != "Wait":
        return "; this reconciler's clock is not the API server's, so nobody is removed for that: set the clocks right"
    if state.on_timeout != "Wait":
        return f"; spec.drain.onTimeout: {state.on_timeout} removes them all the same"
    unknown = [pod for pod in late if pod.runs and pod.worker.activity is Activity.UNKNOWN]
    if not unknown:
        return "; as spec.drain.onTimeout is Wait they stay until they have finished"
    cause = _unreadable(state)
    way = "spec.drain.onTimeout: Requeue removes them all the same, by SIGTERM and their grace period"
    return f"; nobody knows what runs in {_names(unknown)}{cause}: {way}"


def _unreadable(state: PoolState) -> str:
    """Why so, where it is not the workers themselves."""
    known = {worked.obj["metadata"]["name"] for worked in state.worked}
    causes = [
        f"Queue {name} is gone, and nothing says where its broker is" for name in state.missing if name not in known
    ]
    causes += [f"Queue {name} cannot be read ({reason})" for name, reason in sorted(state.unread.items())]
    return f", because {' and '.join(causes[:NAMED])}" if causes else ""


def _names(pods: Iterable[Pod]) -> str:
    names = sorted(pod.name for pod in pods)
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
