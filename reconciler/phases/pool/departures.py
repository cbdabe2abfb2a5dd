"""What removals mean for people: an Event where a drain begins, ends, is called back or is out of time, and metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler import metrics
from reconciler.context import Context
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.plans.actions import Action, Cancel, DeleteMarked, Mark, Request, Scale
from reconciler.plans.child import OUR_REASONS, Child, Pod
from reconciler.reasons import Reason


def tell(state: PoolState, ctx: Context, child: Child, done: Sequence[Action]) -> None:
    """Of what has just been done to a child, in one Event for each kind of it."""
    pool = (state.namespace, state.name)
    for outcome, count in Counter(outcome for action in done if (outcome := _outcome(action))).items():
        ctx.metrics.add(metrics.POOL_DRAINS, *pool, outcome, amount=count)
    asked = [action for action in done if isinstance(action, Request)]
    for why in sorted({action.reason for action in asked}):
        named = _names(action.pod for action in asked if action.reason == why)
        ctx.events.normal(state.obj, Reason.DRAINING, f"Asked to drain for {why}: {named}")
    if spared := [action.pod for action in done if isinstance(action, Cancel)]:
        ctx.events.normal(state.obj, Reason.DRAIN_CANCELLED, f"Wanted again, and go on: {_names(spared)}")
    if forced := [action.pod for action in done if isinstance(action, Mark) and action.forced]:
        message = f"drain.timeout is over, removed without a proof: {_names(forced)}"
        ctx.events.warning(state.obj, Reason.DRAIN_TIMED_OUT, message)
    if deleted := [action.pod for action in done if isinstance(action, DeleteMarked) and not action.owed]:
        ctx.events.normal(state.obj, Reason.WORKERS_REMOVED, f"Removed{_drained(child, deleted)}: {_names(deleted)}")
    for action in done:
        if isinstance(action, Scale) and (left := _left_out(child, action)):
            ctx.metrics.add(metrics.POOL_DRAINS, *pool, "removed", amount=left)
            marked = [pod for pod in child.active if pod.marked]
            message = f"Removed {left}{_drained(child, marked)} of {child.name}"
            ctx.events.normal(state.obj, Reason.WORKERS_REMOVED, message)


def tell_of_called(state: PoolState, ctx: Context) -> None:
    """Of those that somebody else has asked to drain: a person, or whoever empties a node. Each is told once."""
    memory = memory_of(state, ctx)
    called = [pod for pod in state.view.all_pods if pod.active and _reason(pod) not in ("", *OUR_REASONS)]
    fresh = [pod for pod in called if pod.uid not in memory.called]
    memory.called = {pod.uid for pod in called}
    for reason in sorted({_reason(pod) for pod in fresh}):
        named = _names(pod for pod in fresh if _reason(pod) == reason)
        ctx.events.normal(state.obj, Reason.DRAINING, f"Asked by others to drain, for {reason}: {named}")


def _outcome(action: Action) -> str:
    """What has been counted when the child was shrunk is not counted again when it is carried out."""
    match action:
        case Request():
            return "requested"
        case Cancel():
            return "cancelled"
        case Mark(forced=True):
            return "timeout"
        case Mark():
            return "drained"
        case DeleteMarked(owed=False):
            return "removed"
        case _:
            return ""


def _left_out(child: Child, scale: Scale) -> int:
    """How many pods that are there a shrink leaves no place for; places that no pod could be made for cost nobody."""
    if not scale.shrinks:
        return 0
    if child.ordered:
        return sum(pod.ordinal >= scale.after for pod in child.active)
    return max(0, len(child.active) - scale.after)


def _drained(child: Child, pods: Iterable[Pod]) -> str:
    return "" if child.warm or any(pod.forced for pod in pods) else " drained"


def _reason(pod: Pod) -> str:
    return pod.request.reason if pod.request is not None else ""


def _names(pods: Iterable[Pod]) -> str:
    return ", ".join(sorted(pod.name for pod in pods))
