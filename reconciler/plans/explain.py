"""A replica decision as a bill: every number that went in, the bound that won, and one line for `kubectl get`.

Texts are stable: the summary holds no ages and no counters, so that a status which carries it does not change while
the decision stays the same. The steps hold the counts of the moment the decision was made; `record` keeps them until
the next decision that differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Final

from reconciler.plans.facts import Hold, PoolFacts, QueueFacts

SUMMARY_LENGTH: Final = 40
MESSAGE_LENGTH: Final = 120
STEPS: Final = 16
PAUSED: Final = "paused: nothing is changed"
QUEUE: Final = "Queue"


class BoundBy(StrEnum):
    """What made a decision the number it is."""

    DEMAND = "Demand"
    """The waiting and running jobs."""
    MIN_REPLICAS = "MinReplicas"
    """`scaling.minReplicas`: the jobs need fewer."""
    MAX_REPLICAS = "MaxReplicas"
    """`scaling.maxReplicas`: the jobs need more."""
    RATE_LIMIT = "RateLimit"
    """The rate limit of the queues: more replicas would only wait for it."""
    DAMPING = "Damping"
    """The jobs need fewer, but not clearly or not for long enough yet."""
    UNREADABLE = "Unreadable"
    """A signal is unknown or in doubt, and unknown is not zero."""
    FALLBACK = "Fallback"
    """`scaling.fallback`: nothing could be read for longer than `after`."""
    HOLD = "Hold"
    """`spec.hold`, as `kubectl scale` writes it."""
    PAUSED = "Paused"
    """`spec.paused`: nothing is changed on this pool."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the bill: `Queue` or the rule that was looked at, the number after it, and its inputs."""

    name: str
    replicas: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class ReplicaDecision:
    """How many replicas should serve.

    With `may_shrink` False no pod may be removed for this decision's sake: `to` is only a floor. `summary` has at
    most 40 characters, a step's message at most 120.
    """

    to: int
    bound_by: BoundBy
    steps: tuple[Step, ...] = ()
    summary: str = ""
    may_shrink: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """The last decision that changed something, as `status.decision` shows it. `time` is in seconds since the epoch."""

    time: float
    start: int
    decision: ReplicaDecision


def record(previous: Record | None, decision: ReplicaDecision, current: int, now: float) -> Record:
    """The record to show after `decision`: `previous` itself while number, bound and summary are the same."""
    if previous is None:
        return Record(now, current, decision)
    old = previous.decision
    if (old.to, old.bound_by, old.summary) == (decision.to, decision.bound_by, decision.summary):
        return previous
    return Record(now, current, decision)


def steps(bill: Sequence[Step]) -> tuple[Step, ...]:
    """At most 16 steps; a longer bill loses queues in its middle, since its end says what won."""
    if len(bill) > STEPS:
        head, left_out = STEPS // 2, len(bill) - STEPS + 1
        cut = Step("More", bill[head].replicas, f"{left_out} more queues")
        bill = [*bill[:head], cut, *bill[head + left_out :]]
    return tuple(Step(step.name, step.replicas, _cut(step.message, MESSAGE_LENGTH)) for step in bill)


def summary(facts: PoolFacts, bound_by: BoundBy, to: int) -> str:
    """Why the pool has the size it has, in at most 40 characters."""
    match bound_by:
        case BoundBy.DEMAND:
            text = _follows(facts)
        case BoundBy.MIN_REPLICAS:
            text = f"at minReplicas {to}"
        case BoundBy.MAX_REPLICAS:
            text = f"at maxReplicas {to}"
        case BoundBy.RATE_LIMIT:
            text = _serves(facts, to)
        case BoundBy.DAMPING:
            text = "shrinks once the load stays low"
        case BoundBy.UNREADABLE:
            text = _not_shrinking(facts)
        case BoundBy.FALLBACK:
            text = f"unreadable: at the fallback of {to}"
        case BoundBy.HOLD:
            text = _held(facts, to)
        case BoundBy.PAUSED:
            text = PAUSED
    return _cut(text, SUMMARY_LENGTH)


def share(queue: QueueFacts, facts: PoolFacts, replicas: Fraction) -> Step:
    """`orders: 44 running / 4 + 311 waiting / 4`, 89"""
    running = f"{_count(queue.running)} running / {facts.concurrency}"
    waiting = "paused" if queue.paused else f"{_count(queue.waiting)} waiting / {facts.jobs_per_replica}"
    return Step(QUEUE, ceil(replicas), f"{_cut(queue.name, 50)}: {running} + {waiting}")


def rate_limits(facts: PoolFacts) -> str:
    limits = ", ".join(f"{queue.rate.jobs} per {queue.rate.per}" for queue in facts.queues if queue.rate)
    return f"as many as {limits} keeps busy"


def damped(wanted: int) -> str:
    return f"until {wanted} have been enough for long enough"


def unclear(facts: PoolFacts) -> str:
    return ", ".join(f"{queue.name} {_trouble(queue)}" for queue in facts.unclear)


def held(hold: Hold) -> str:
    return f"{hold.replicas}{_until(hold)}"


def _follows(facts: PoolFacts) -> str:
    if not any(queue.has_jobs for queue in facts.queues):
        return "no jobs"
    if len(facts.queues) == 1:
        return _about("follows the jobs of ", facts.queues[0].name, "")
    return f"follows the jobs of {len(facts.queues)} queues"


def _serves(facts: PoolFacts, to: int) -> str:
    rates = [queue.rate for queue in facts.queues if queue.rate]
    verb = "serves" if to == 1 else "serve"
    if len(rates) == 1:
        return f"{to} {verb} the limit of {rates[0].jobs} per {rates[0].per}"
    return f"{to} {verb} the rate limits"


def _not_shrinking(facts: PoolFacts) -> str:
    unclear = facts.unclear
    if len(unclear) == 1:
        return _about("not shrinking: ", unclear[0].name, f" {_trouble(unclear[0])}")
    return f"not shrinking: {len(unclear)} queues are unclear"


def _trouble(queue: QueueFacts) -> str:
    if queue.missing:
        return "does not exist"
    if queue.unreadable:
        return "is unreadable"
    if queue.running is None:
        return "hides what runs"
    return "is in doubt" if not queue.firm else "hides what waits"


def _held(facts: PoolFacts, to: int) -> str:
    return f"held at {to}{_until(facts.hold)}" if facts.hold else f"held at {to}"


def _until(hold: Hold) -> str:
    return f" until {datetime.fromtimestamp(hold.until, UTC):%Y-%m-%dT%H:%MZ}" if hold.until is not None else ""


def _count(count: int | None) -> str:
    return "unknown" if count is None else str(count)


def _about(before: str, name: str, after: str) -> str:
    """A summary around a name; the name gives way when there is no room for it."""
    return before + _cut(name, max(SUMMARY_LENGTH - len(before) - len(after), 3)) + after


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 2] + ".."
