"""How many replicas a pool should serve with: a number on its way through bounds and damping, with a bill.

`plans.asks` says what the jobs ask for. A missing or doubtful signal can make a pool grow, never shrink; when nothing
is known the pool stays as it is, and after `fallback.after` rises to `fallback.replicas`. Growth passes at once and
shrinking is damped, unless `behavior` says otherwise. A budget comes last, so that what a pool is entitled to follows
from a demand that is already damped. A hold is somebody's word and is obeyed at once; only `maxReplicas` still bounds
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final

from reconciler.plans import arrivals, asks, damping, explain, growth, pacing, price
from reconciler.plans.asks import Demand
from reconciler.plans.damping import Window
from reconciler.plans.decision import BoundBy, ReplicaDecision, Step
from reconciler.plans.facts import PoolFacts
from reconciler.plans.history import Change, History
from reconciler.plans.signals import outcomes, signals
from reconciler.plans.summary import summary

UNPACED: Final = (BoundBy.HOLD, BoundBy.PAUSED)
"""What is obeyed at once."""


@dataclass(frozen=True, slots=True)
class Bill:
    """A number on its way to a decision, with everything that has moved it so far."""

    replicas: int
    bound_by: BoundBy
    steps: tuple[Step, ...] = ()

    def moved(self, replicas: int, bound_by: BoundBy, message: str = "") -> Bill:
        return Bill(replicas, bound_by, (*self.steps, Step(bound_by, replicas, message)))


def decide(facts: PoolFacts, history: History, clock: float) -> tuple[ReplicaDecision, History]:
    """The decision, and the history for the next one. `clock` is any steady clock, in seconds."""
    trial = growth.observed(history.trial, facts, clock)
    bill = _told(facts) or wanted(facts, growth.limit(trial, facts))
    bill, window = _paced(facts, bill, history, clock)
    demand = bill.replicas
    bill = _budget(facts, bill)
    moved = bill.replicas - facts.current
    changes = pacing.kept(history.changes, clock)
    after = History(
        window=window,
        changes=(*changes, Change(clock, moved)) if moved and facts.behavior else changes,
        trial=growth.begun(trial, facts, bill.replicas, clock),
    )
    return _decision(facts, bill, demand), after


def wanted(facts: PoolFacts, most: int | None = None) -> Bill:
    """What the jobs ask for, bounded but not yet damped; `most` is what growth is known to help up to."""
    demand = asks.demand(facts)
    # What takes longer to work out is told only where the number changes, since the record shows no other decision.
    changes = demand.limited != facts.current
    heard = (*signals(facts), *(outcomes(facts) if changes else ()))
    told = price.price(facts, demand.limited) if changes else ()
    bill = Bill(demand.replicas, BoundBy.DEMAND, (*heard, *explain.shares(demand, facts), *told))
    bill = bill.moved(demand.replicas, BoundBy.DEMAND)
    bill = _rate_limit(facts, bill, demand)
    bill = _bands(facts, bill, demand)
    if most is not None and bill.replicas > most:
        bill = bill.moved(most, BoundBy.INEFFECTIVE, explain.INEFFECTIVE)
    for rule in _BOUNDS:
        bill = rule(facts, bill)
    return bill


def _decision(facts: PoolFacts, bill: Bill, demand: int) -> ReplicaDecision:
    told = bill.bound_by is BoundBy.HOLD
    may_shrink = bill.bound_by is not BoundBy.PAUSED and (told or not facts.unclear or bill.replicas < facts.current)
    return ReplicaDecision(
        to=bill.replicas,
        bound_by=bill.bound_by,
        steps=explain.steps(bill.steps),
        summary=summary(facts, bill.bound_by, bill.replicas),
        may_shrink=may_shrink,
        demand=demand,
    )


def _told(facts: PoolFacts) -> Bill | None:
    """The word of somebody who has the last one: a pause or a hold in force."""
    if facts.paused:
        return Bill(facts.current, BoundBy.PAUSED).moved(facts.current, BoundBy.PAUSED)
    hold = facts.hold
    if hold is None or (hold.until is not None and hold.until <= facts.now):
        return None
    return Bill(0, BoundBy.HOLD).moved(min(hold.replicas, facts.max_replicas), BoundBy.HOLD, explain.held(hold))


def _rate_limit(facts: PoolFacts, bill: Bill, demand: Demand) -> Bill:
    if demand.limited >= bill.replicas:
        return bill
    return bill.moved(demand.limited, BoundBy.RATE_LIMIT, explain.rate_limits(facts))


def _bands(facts: PoolFacts, bill: Bill, demand: Demand) -> Bill:
    """Near enough to what the pool has is left alone, and nothing grows by arrivals that are over."""
    if facts.behavior is not None:
        near = pacing.tolerated(facts.behavior, facts.current, demand.exact)
        replicas, message = facts.current if near else bill.replicas, explain.TOLERATED
    else:
        replicas, message = _near(facts, bill.replicas, demand)
    if replicas > facts.current and not any(queue.has_jobs for queue in facts.queues):
        replicas, message = facts.current, explain.NOTHING
    return bill if replicas == bill.replicas else bill.moved(replicas, bill.bound_by, message)


def _near(facts: PoolFacts, wanted: int, demand: Demand) -> tuple[int, str]:
    current = facts.current
    if wanted > current > 0 and asks.premature(facts, demand):
        return current, explain.FRESH
    if wanted > current > 0 and asks.idle_help(facts, demand):
        return current, explain.WORKED_OFF
    return damping.dead_band(current, wanted, calm=asks.calm(facts, demand)), explain.NEAR


def _unknown_is_not_zero(facts: PoolFacts, bill: Bill) -> Bill:
    if not facts.unclear or (bill.replicas >= facts.current and not facts.blind):
        return bill
    replicas = max(bill.replicas, facts.current)
    return bill.moved(replicas, BoundBy.UNREADABLE, explain.unclear(facts))


def _fallback(facts: PoolFacts, bill: Bill) -> Bill:
    fallback = facts.fallback
    if fallback is None or not facts.blind or facts.unreadable_seconds < fallback.after_seconds:
        return bill
    if bill.replicas >= fallback.replicas:
        return bill
    return bill.moved(fallback.replicas, BoundBy.FALLBACK)


def _minimum(facts: PoolFacts, bill: Bill) -> Bill:
    if bill.replicas >= facts.min_replicas:
        return bill
    return bill.moved(facts.min_replicas, BoundBy.MIN_REPLICAS)


def _schedule(facts: PoolFacts, bill: Bill) -> Bill:
    schedule = facts.schedule
    if schedule is None or bill.replicas >= schedule.replicas:
        return bill
    return bill.moved(schedule.replicas, BoundBy.SCHEDULE, schedule.name)


def _maximum(facts: PoolFacts, bill: Bill) -> Bill:
    if bill.replicas <= facts.max_replicas:
        return bill
    return bill.moved(facts.max_replicas, BoundBy.MAX_REPLICAS)


_BOUNDS: Final[tuple[Callable[[PoolFacts, Bill], Bill], ...]] = (
    _unknown_is_not_zero,
    _fallback,
    _minimum,
    _schedule,
    _maximum,
)


def _paced(facts: PoolFacts, bill: Bill, history: History, clock: float) -> tuple[Bill, Window]:
    if facts.behavior is not None:
        return _by_behavior(facts, bill, history, clock)
    over = damping.spans(facts.startup_seconds, asks.longest_service(facts))
    replicas, window = damping.damp(history.window, clock, facts.current, bill.replicas, over)
    if bill.bound_by in UNPACED:
        return bill, window
    if bill.replicas > 0 and bill.bound_by is not BoundBy.INEFFECTIVE and any(map(arrivals.rising, facts.queues)):
        replicas = max(replicas, facts.current)
    if bill.bound_by is not BoundBy.INEFFECTIVE:
        replicas = max(replicas, _kept_busy(facts))
    replicas = min(replicas, facts.max_replicas)
    lately = damping.lately_fewer(window, clock, facts.current)
    if replicas > bill.replicas or (replicas == facts.current and lately and bill.bound_by is BoundBy.DEMAND):
        return bill.moved(replicas, BoundBy.DAMPING, explain.damped(bill.replicas)), window
    return bill, window


def _kept_busy(facts: PoolFacts) -> int:
    """What may not be shrunk below at this moment, whatever the averages say: the slots that run a job."""
    return min(facts.current, ceil((facts.running_on_serving or 0) / facts.concurrency))


def _by_behavior(facts: PoolFacts, bill: Bill, history: History, clock: float) -> tuple[Bill, Window]:
    behavior = facts.behavior
    assert behavior is not None  # noqa: S101 - for the type checker: asked by the caller
    kept = max(damping.LONG_SECONDS, behavior.up.window, behavior.down.window)
    window = history.window.add(clock, bill.replicas, kept)
    if bill.bound_by in UNPACED:
        return bill, window
    replicas = pacing.paced(behavior, history.window, history.changes, clock, facts.current, bill.replicas)
    replicas = max(min(replicas, facts.max_replicas), min(facts.lowest, facts.max_replicas))
    if replicas == bill.replicas:
        return bill, window
    return bill.moved(replicas, BoundBy.BEHAVIOR, explain.behaved(bill.replicas, facts.current)), window


def _budget(facts: PoolFacts, bill: Bill) -> Bill:
    entitlement = facts.entitlement
    if entitlement is None or bill.bound_by is BoundBy.PAUSED or bill.replicas <= entitlement.replicas:
        return bill
    return bill.moved(entitlement.replicas, BoundBy.BUDGET, explain.budgeted(facts, bill.replicas))
