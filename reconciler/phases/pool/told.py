"""What a replica decision means for people: conditions, Events and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler import metrics
from reconciler.conditions import SCALING_ACTIVE, SCALING_LIMITED
from reconciler.context import Context
from reconciler.phases.pool.contested import holds_by_autoscaler
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.plans import explain
from reconciler.plans.decision import BoundBy, ReplicaDecision
from reconciler.plans.facts import PoolFacts
from reconciler.reasons import Reason

LIMITED: Final[Mapping[BoundBy, tuple[Reason, str]]] = {
    BoundBy.MAX_REPLICAS: (Reason.AT_MAX_REPLICAS, "The jobs call for more than scaling.maxReplicas"),
    BoundBy.RATE_LIMIT: (Reason.RATE_LIMITED, "More replicas would only wait for the rate limit"),
    BoundBy.INEFFECTIVE: (Reason.INEFFECTIVE, "More workers completed no more jobs; growing is tried again later"),
}


def tell(
    state: ScalingState, ctx: Context, facts: PoolFacts, decision: ReplicaDecision, wrong: Sequence[str] = ()
) -> None:
    """`wrong` is what is wrong with the schedules."""
    _active(state, facts, decision, wrong)
    _limited(state, facts)
    pool = (state.namespace, state.name)
    entitled = facts.entitlement.replicas if facts.entitlement is not None else None
    measure(state, ctx, decision, asked=decision.asked, damped=decision.demand, entitled=entitled)
    ctx.metrics.set(metrics.POOL_STARTUP, *pool, value=facts.startup_seconds)
    if decision.to == facts.current:
        return
    grows = decision.to > facts.current
    reason, direction = (Reason.SCALED_UP, "up") if grows else (Reason.SCALED_DOWN, "down")
    ctx.metrics.add(metrics.POOL_SCALED, *pool, direction)
    ctx.events.normal(state.obj, reason, f"From {facts.current} to {decision.to} replicas: {decision.summary}")


def measure(state: ScalingState, ctx: Context, decision: ReplicaDecision, **stages: int | None) -> None:
    """The number on its way: of a pool that is left to another autoscaler nobody works out the `stages` before."""
    pool = (state.namespace, state.name)
    for stage in ("asked", "damped", "entitled"):
        ctx.metrics.set(metrics.POOL_REPLICAS, *pool, stage, value=stages.get(stage))
    ctx.metrics.set(metrics.POOL_REPLICAS, *pool, "wanted", value=decision.to)
    for bound in BoundBy:
        ctx.metrics.set(metrics.POOL_BOUND, *pool, bound, value=1 if bound is decision.bound_by else None)


def _active(state: ScalingState, facts: PoolFacts, decision: ReplicaDecision, wrong: Sequence[str]) -> None:
    missing = [queue.name for queue in facts.queues if queue.missing]
    if decision.bound_by is BoundBy.HOLD and (manager := holds_by_autoscaler(state)):
        message = f"{manager} holds the pool through its scale subresource: an autoscaler cannot target a WorkerPool"
        state.conditions.false(SCALING_ACTIVE, Reason.ANOTHER_AUTOSCALER, message)
    elif decision.bound_by is BoundBy.HOLD:
        state.conditions.false(SCALING_ACTIVE, Reason.HELD, f"Autoscaling is off: {decision.summary}")
    elif decision.bound_by is BoundBy.PAUSED:
        state.conditions.false(SCALING_ACTIVE, Reason.PAUSED, "spec.paused is set")
    elif missing:
        names = ", ".join(missing)
        state.conditions.false(SCALING_ACTIVE, Reason.QUEUE_MISSING, f"There is no Queue {names} in this namespace")
    elif facts.unclear:
        said = explain.unclear(facts)
        state.conditions.false(SCALING_ACTIVE, Reason.QUEUE_UNREADABLE, f"Growing is possible, shrinking not: {said}")
    elif wrong:
        state.conditions.true(SCALING_ACTIVE, Reason.SCHEDULE_INVALID, f"Replicas follow the queues, but {wrong[0]}")
    else:
        state.conditions.true(SCALING_ACTIVE, Reason.FOLLOWING, "Replicas follow the queues")


def _limited(state: ScalingState, facts: PoolFacts) -> None:
    """As the record says, which does not change with every pass near two bounds."""
    bound = state.record.decision.bound_by if state.record is not None else None
    limit = LIMITED.get(bound) if bound is not None else None
    if bound is BoundBy.BUDGET:
        state.conditions.true(SCALING_LIMITED, Reason.BUDGET_SPENT, _budget(facts))
    elif limit is not None:
        state.conditions.true(SCALING_LIMITED, *limit)
    elif unreachable := facts.unreachable(already=_said(state, Reason.TARGET_UNREACHABLE)):
        names = ", ".join(queue.name for queue in unreachable)
        message = f"Workers start no faster than jobs of {names} may wait: a jump in load breaks the target"
        state.conditions.true(SCALING_LIMITED, Reason.TARGET_UNREACHABLE, message)


def _budget(facts: PoolFacts) -> str:
    """Both sides name the other. No counts: they change while workers drain, and status.summary has them."""
    entitlement = facts.entitlement
    if entitlement is not None and entitlement.giving:
        return f"Workers are given to {entitlement.receiver}, which has a higher priority in the same budget"
    if entitlement is not None and entitlement.giver:
        return f"The budget is spent; workers of {entitlement.giver} are asked to leave for this pool"
    return "The jobs call for more than the budget leaves this pool"


def _said(state: ScalingState, reason: Reason) -> bool:
    return any(condition["reason"] == reason for condition in state.status.get("conditions", ()))
