"""How many replicas a pool should serve with: the form of the law that needs no wait target.

Every queue asks for `running / concurrency + waiting / jobsPerReplica` replicas; the sum is rounded up, so it is at
least one while there is any job. Jobs that run are counted, because demand without them falls as soon as workers do
their work, and the pool swings for ever. A paused queue counts only what still runs. A rate limit bounds what its
queue may ask for, but never below what runs already.

A missing or doubtful signal can make a pool grow, never shrink; when nothing is known the pool stays as it is, and
after `fallback.after` rises to `fallback.replicas`. A hold is somebody's word and is obeyed at once; only
`maxReplicas` still bounds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final

from reconciler.plans import damping, explain
from reconciler.plans.explain import BoundBy, ReplicaDecision, Step
from reconciler.plans.facts import PoolFacts, QueueFacts
from reconciler.plans.history import History

RATE_MARGIN: Final = Fraction(11, 10)
"""A tenth more than the rate limit needs, so that the limit binds and not the pool."""


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
    bill = _told(facts) or wanted(facts)
    damped, window = damping.damp(history.window, clock, facts.current, bill.replicas, facts.startup_seconds)
    if bill.bound_by not in (BoundBy.HOLD, BoundBy.PAUSED):
        damped = min(damped, facts.max_replicas)
        if damped > bill.replicas:
            bill = bill.moved(damped, BoundBy.DAMPING, explain.damped(bill.replicas))
    return _decision(facts, bill), History(window)


def wanted(facts: PoolFacts) -> Bill:
    """What the jobs ask for, bounded but not yet damped."""
    bill = _demand(facts)
    for rule in _RULES:
        bill = rule(facts, bill)
    return bill


def _decision(facts: PoolFacts, bill: Bill) -> ReplicaDecision:
    told = bill.bound_by is BoundBy.HOLD
    may_shrink = bill.bound_by is not BoundBy.PAUSED and (told or not facts.unclear or bill.replicas < facts.current)
    return ReplicaDecision(
        to=bill.replicas,
        bound_by=bill.bound_by,
        steps=explain.steps(bill.steps),
        summary=explain.summary(facts, bill.bound_by, bill.replicas),
        may_shrink=may_shrink,
    )


def _told(facts: PoolFacts) -> Bill | None:
    """The word of somebody who has the last one: a pause or a hold in force."""
    if facts.paused:
        return Bill(facts.current, BoundBy.PAUSED).moved(facts.current, BoundBy.PAUSED)
    hold = facts.hold
    if hold is None or (hold.until is not None and hold.until <= facts.now):
        return None
    return Bill(0, BoundBy.HOLD).moved(min(hold.replicas, facts.max_replicas), BoundBy.HOLD, explain.held(hold))


def _demand(facts: PoolFacts) -> Bill:
    shares = tuple(_share(queue, facts) for queue in facts.queues)
    replicas = ceil(sum(shares, Fraction(0)))
    steps = tuple(explain.share(queue, facts, share) for queue, share in zip(facts.queues, shares, strict=True))
    return Bill(replicas, BoundBy.DEMAND, steps).moved(replicas, BoundBy.DEMAND)


def _share(queue: QueueFacts, facts: PoolFacts) -> Fraction:
    """The replicas a queue's jobs fill, as an exact fraction; what is unknown fills none."""
    waiting = 0 if queue.closed else queue.waiting or 0
    return _busy(queue, facts) + Fraction(waiting, facts.jobs_per_replica)


def _busy(queue: QueueFacts, facts: PoolFacts) -> Fraction:
    return Fraction(queue.running or 0, facts.concurrency)


def _limited(queue: QueueFacts, facts: PoolFacts) -> Fraction:
    """A queue's share, cut to the replicas its rate limit can keep busy (Little's law)."""
    share = _share(queue, facts)
    if queue.rate is None or queue.service_seconds is None:
        return share
    slots = RATE_MARGIN * queue.rate.jobs / Fraction(queue.rate.seconds) * Fraction(queue.service_seconds)
    return min(share, max(slots / facts.concurrency, _busy(queue, facts)))


def _rate_limit(facts: PoolFacts, bill: Bill) -> Bill:
    replicas = ceil(sum((_limited(queue, facts) for queue in facts.queues), Fraction(0)))
    if replicas >= bill.replicas:
        return bill
    return bill.moved(replicas, BoundBy.RATE_LIMIT, explain.rate_limits(facts))


def _dead_band(facts: PoolFacts, bill: Bill) -> Bill:
    replicas = damping.dead_band(facts.current, bill.replicas)
    if replicas == bill.replicas:
        return bill
    return bill.moved(replicas, BoundBy.DAMPING, "at most a tenth more")


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


def _maximum(facts: PoolFacts, bill: Bill) -> Bill:
    if bill.replicas <= facts.max_replicas:
        return bill
    return bill.moved(facts.max_replicas, BoundBy.MAX_REPLICAS)


_RULES: Final[tuple[Callable[[PoolFacts, Bill], Bill], ...]] = (
    _rate_limit,
    _dead_band,
    _unknown_is_not_zero,
    _fallback,
    _minimum,
    _maximum,
)
