"""How many replicas a WorkerPool should serve with: gathers what its queues say, asks the plan, and says so.

It starts and removes nothing. `state.decision` is for the phases after it; `scaling_status` is its part of `status`.
What it remembers between passes is the history of its decisions, in `ctx.histories`; the number served with until now
is in `status.desiredReplicas`, and where that is not yet written, the pods are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from crds import meta
from policies import applying
from policies import effective as effective_values
from reconciler import metrics
from reconciler.conditions import SCALING_ACTIVE, SCALING_LIMITED
from reconciler.context import Context
from reconciler.phases.pool import gather
from reconciler.phases.pool.demand import pool_facts
from reconciler.phases.pool.scaling_record import as_status, stored_record
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.plans import decision as decisions
from reconciler.plans import explain, history
from reconciler.plans.decision import BoundBy, Record, ReplicaDecision
from reconciler.plans.facts import PoolFacts
from reconciler.plans.replicas import decide
from reconciler.reasons import Reason

LIMITED: Final[Mapping[BoundBy, tuple[Reason, str]]] = {
    BoundBy.MAX_REPLICAS: (Reason.AT_MAX_REPLICAS, "The jobs call for more than scaling.maxReplicas"),
    BoundBy.RATE_LIMIT: (Reason.RATE_LIMITED, "More replicas would only wait for the rate limit"),
    BoundBy.INEFFECTIVE: (Reason.INEFFECTIVE, "The last growth completed no more jobs; growing is tried again later"),
}
REASONS: Final[Mapping[str, Reason]] = {str(reason): reason for reason in Reason}


async def scale(state: ScalingState, ctx: Context) -> None:
    worlds = gather.worlds(state, ctx)
    if state.effective is None:
        policies = [policy.view for policy in applying(meta.WORKER_POOL.kind, state.obj, ctx.snapshot)]
        specs = [world.spec for world in worlds if world.spec is not None]
        state.effective = effective_values.pool(state.spec, specs, policies)
    stored = stored_record(state.status)
    if stored is not None and any(world.unseen for world in worlds):
        _hold_what_was_decided(state, stored)
        return
    clock = ctx.monotonic()
    workers = gather.workers(state, ctx, worlds)
    facts = pool_facts(state.spec, state.effective, worlds, gather.current(state, ctx), state.now, clock, workers)
    earlier = ctx.histories.get(state.uid) or history.seeded(clock, facts.current)
    state.decision, ctx.histories[state.uid] = decide(facts, earlier, clock)
    forget_gone(ctx)
    state.record = decisions.record(stored, state.decision, facts.current, facts.now)
    _tell(state, ctx, facts, state.decision)
    _ask_again(state, ctx, facts, state.decision)


def scaling_status(state: ScalingState) -> dict[str, Any]:
    """The fields of status that are about the number of replicas; what is stored, where no decision was made."""
    if state.decision is None or state.record is None:
        return {field: state.status.get(field) for field in ("desiredReplicas", "summary", "decision")}
    return {
        "desiredReplicas": state.decision.to,
        "summary": state.record.decision.summary,
        "decision": as_status(state.record),
    }


def forget_gone(ctx: Context) -> None:
    """Drops the histories of pools that are no more, once there are many of them."""
    if len(ctx.histories) <= 2 * len(ctx.store.keys(meta.WORKER_POOL.kind)) + 100:
        return
    alive = {pool["metadata"]["uid"] for pool in ctx.store.all(meta.WORKER_POOL.kind)}
    for uid in [uid for uid in ctx.histories if uid not in alive]:
        del ctx.histories[uid]


def _hold_what_was_decided(state: ScalingState, stored: Record) -> None:
    """Just after a start the queues have not been looked at yet: not knowing that is no news, and is not told.

    The first look at each queue wakes the pool.
    """
    state.record = stored
    state.decision = replace(stored.decision, may_shrink=False)
    for condition in state.status.get("conditions", ()):
        reason = REASONS.get(condition["reason"])
        if condition["type"] == SCALING_ACTIVE.name and reason is not None:
            say = state.conditions.true if condition["status"] == "True" else state.conditions.false
            say(SCALING_ACTIVE, reason, condition["message"])


def _tell(state: ScalingState, ctx: Context, facts: PoolFacts, decision: ReplicaDecision) -> None:
    _active(state, facts, decision)
    _limited(state, facts)
    pool = (state.namespace, state.name)
    ctx.metrics.set(metrics.POOL_REPLICAS, *pool, "wanted", value=decision.to)
    if decision.to == facts.current:
        return
    grows = decision.to > facts.current
    reason, direction = (Reason.SCALED_UP, "up") if grows else (Reason.SCALED_DOWN, "down")
    ctx.metrics.add(metrics.POOL_SCALED, *pool, direction)
    ctx.events.normal(state.obj, reason, f"From {facts.current} to {decision.to} replicas: {decision.summary}")


def _active(state: ScalingState, facts: PoolFacts, decision: ReplicaDecision) -> None:
    missing = [queue.name for queue in facts.queues if queue.missing]
    if decision.bound_by is BoundBy.HOLD:
        state.conditions.false(SCALING_ACTIVE, Reason.HELD, f"Autoscaling is off: {decision.summary}")
    elif decision.bound_by is BoundBy.PAUSED:
        state.conditions.false(SCALING_ACTIVE, Reason.PAUSED, "spec.paused is set")
    elif missing:
        names = ", ".join(missing)
        state.conditions.false(SCALING_ACTIVE, Reason.QUEUE_MISSING, f"There is no Queue {names} in this namespace")
    elif facts.unclear:
        said = explain.unclear(facts)
        state.conditions.false(SCALING_ACTIVE, Reason.QUEUE_UNREADABLE, f"Growing is possible, shrinking not: {said}")
    else:
        state.conditions.true(SCALING_ACTIVE, Reason.FOLLOWING, "Replicas follow the queues")


def _limited(state: ScalingState, facts: PoolFacts) -> None:
    """As the record says, which does not change with every pass near two bounds."""
    limit = LIMITED.get(state.record.decision.bound_by) if state.record is not None else None
    if limit is not None:
        state.conditions.true(SCALING_LIMITED, *limit)
    elif unreachable := facts.unreachable(already=_said(state, Reason.TARGET_UNREACHABLE)):
        names = ", ".join(queue.name for queue in unreachable)
        message = f"Workers start no faster than jobs of {names} may wait: a jump in load breaks the target"
        state.conditions.true(SCALING_LIMITED, Reason.TARGET_UNREACHABLE, message)


def _said(state: ScalingState, reason: Reason) -> bool:
    return any(condition["reason"] == reason for condition in state.status.get("conditions", ()))


def _ask_again(state: ScalingState, ctx: Context, facts: PoolFacts, decision: ReplicaDecision) -> None:
    """Queues wake the pool when their numbers change; only what time alone changes has to be asked for."""
    poll = ctx.settings.poll
    if decision.bound_by in (BoundBy.DAMPING, BoundBy.BEHAVIOR, BoundBy.INEFFECTIVE):
        state.again(poll)
    if decision.bound_by is BoundBy.HOLD and facts.hold is not None and facts.hold.until is not None:
        state.again(max(poll, facts.hold.until - facts.now))
    if facts.blind and facts.fallback is not None:
        state.again(max(poll, facts.fallback.after_seconds - facts.unreadable_seconds))
