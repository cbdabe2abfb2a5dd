"""How many replicas a WorkerPool should serve with: gathers what its queues say, asks the plan, and says so.

It starts and removes nothing. `state.decision` is for the phases after it; `scaling_status` is its part of `status`.
What it remembers between passes is the history of its decisions, in `ctx.histories`; the number served with until now
is in `status.desiredReplicas`, and where that is not yet written, the pods are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from crds import meta
from policies import applying
from policies import effective as effective_values
from reconciler import metrics
from reconciler.conditions import SCALING_ACTIVE, SCALING_LIMITED
from reconciler.context import Context
from reconciler.phases.pool import gather
from reconciler.phases.pool.contested import left_to_another
from reconciler.phases.pool.demand import QueueWorld, pool_facts
from reconciler.phases.pool.entitle import budget_of, settle, within
from reconciler.phases.pool.scaling_record import as_status, last_change, stored_record
from reconciler.phases.pool.scaling_state import ScalingState, memory_of
from reconciler.phases.pool.told import measure, tell
from reconciler.plans import decision as decisions
from reconciler.plans import history, schedules
from reconciler.plans.decision import BoundBy, Record, ReplicaDecision
from reconciler.plans.facts import PoolFacts, Schedule
from reconciler.plans.replicas import decide
from reconciler.reasons import Reason

UNSETTLED: Final = (BoundBy.DAMPING, BoundBy.BEHAVIOR, BoundBy.INEFFECTIVE, BoundBy.BUDGET)
"""What changes by time alone, or by what other pools do."""
TOLD: Final = {condition.name: condition for condition in (SCALING_ACTIVE, SCALING_LIMITED)}
"""The conditions that a decision sets."""
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
    if (contested := await left_to_another(state, ctx)) is not None:
        state.decision = contested
        _record(state, ctx, stored, gather.current(state, ctx))
        measure(state, ctx, contested)
        return
    clock = ctx.monotonic()
    workers = gather.workers(state, ctx, worlds)
    known, wrong = schedules.understood(state.spec["scaling"].get("schedules") or ())
    calendar = schedules.in_force(known, state.now)
    facts = pool_facts(state.spec, state.effective, worlds, gather.current(state, ctx), state.now, clock, workers)
    facts = replace(facts, schedule=_in_force(calendar))
    memory_of(state, ctx).startup_seconds = facts.startup_seconds
    earlier = ctx.histories.get(state.uid) or history.seeded(clock, facts.current, last_change(stored, facts, clock))
    decision, later = decide(facts, earlier, clock)
    if (budget := budget_of(state.obj, ctx)) is not None:
        facts = within(state, ctx, budget, facts, decision)
        decision, later = decide(facts, earlier, clock)
        settle(state, ctx, budget, facts, decision)
    state.decision, ctx.histories[state.uid] = decision, later
    forget_gone(ctx)
    _measure(state, ctx, worlds)
    _record(state, ctx, stored, facts.current)
    tell(state, ctx, facts, decision, wrong)
    _ask_again(state, ctx, facts, decision)
    if calendar.changes is not None:
        state.again(max(1.0, (calendar.changes - state.now).total_seconds()))


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
    if len(ctx.histories) <= 2 * ctx.store.count(meta.WORKER_POOL.kind) + 100:
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
        told, reason = TOLD.get(condition["type"]), REASONS.get(condition["reason"])
        if told is not None and reason is not None:
            say = state.conditions.true if condition["status"] == "True" else state.conditions.false
            say(told, reason, condition["message"])


def _record(state: ScalingState, ctx: Context, stored: Record | None, current: int) -> None:
    assert state.decision is not None  # noqa: S101 - for the type checker: it has just been made
    memory, clock = memory_of(state, ctx), ctx.monotonic()
    state.record = decisions.record(stored, state.decision, current, state.now.timestamp())
    if state.record is stored:
        return
    if stored is not None and decisions.may_wait(stored, state.record):
        turn = ctx.turns.of((state.uid, "decision"), memory.told_at + decisions.SETTLED_SECONDS, clock)
        if clock < turn:
            state.record = stored
            state.again(turn - clock)
            return
    ctx.turns.drop((state.uid, "decision"))
    memory.told_at = clock


def _measure(state: ScalingState, ctx: Context, worlds: Sequence[QueueWorld]) -> None:
    """How long the decision took since, of each queue, the first reading that called for it had been due."""
    memory, now = memory_of(state, ctx), ctx.monotonic()
    for world in worlds:
        due = world.sighting.called_since(memory.decided_at) if world.sighting is not None else None
        if due is not None:
            ctx.metrics.observe(metrics.DECISION_LAG, seconds=now - due)
    memory.decided_at = now


def _in_force(calendar: schedules.InForce) -> Schedule | None:
    schedule = calendar.schedule
    return Schedule(schedule.name, schedule.replicas) if schedule is not None else None


def _ask_again(state: ScalingState, ctx: Context, facts: PoolFacts, decision: ReplicaDecision) -> None:
    """Queues wake the pool when their numbers change; only what time alone changes has to be asked for."""
    poll = ctx.settings.poll
    if decision.bound_by in UNSETTLED:
        state.again(poll)
    if decision.bound_by is BoundBy.HOLD and facts.hold is not None and facts.hold.until is not None:
        state.again(max(poll, facts.hold.until - facts.now))
    if facts.blind and facts.fallback is not None:
        state.again(max(poll, facts.fallback.after_seconds - facts.unreadable_seconds))
