"""A replica decision as a bill: every number that went in, and what moved it.

The steps hold the counts of the moment the decision was made; `decision.record` keeps them until the next one that
differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Final

from crds import duration
from reconciler.plans.asks import ROUNDING, Demand, Share
from reconciler.plans.decision import Step
from reconciler.plans.facts import Hold, PoolFacts, QueueFacts
from reconciler.plans.law import Ask, Why

MESSAGE_LENGTH: Final = 120
STEPS: Final = 16
SIGNALS: Final = "Signals"
OUTCOMES: Final = "Outcomes"
QUEUE: Final = "Queue"
QUEUES: Final = "Queues"
NOTHING: Final = "nothing waits or runs"
NEAR: Final = "within a tenth of what is there"
FRESH: Final = "nobody waits long, and arrivals have been counted for less than a minute"
WORKED_OFF: Final = "what waits is gone before another pod could start"
TOLERATED: Final = "within the tolerance of scaling.behavior"
INEFFECTIVE: Final = "more workers completed no more jobs; a few more are tried from time to time"


def steps(bill: Sequence[Step]) -> tuple[Step, ...]:
    """At most 16 steps; a longer bill loses outcomes, then signals, then queues in its middle, since its end says what
    won.
    """
    for beside in (OUTCOMES, SIGNALS):
        if len(bill) > STEPS:
            bill = [step for step in bill if step.name != beside]
    if len(bill) > STEPS:
        head, left_out = STEPS // 2, len(bill) - STEPS + 1
        gap = Step("More", bill[head].replicas, f"{left_out} more queues")
        bill = [*bill[:head], gap, *bill[head + left_out :]]
    return tuple(Step(step.name, step.replicas, cut(step.message, MESSAGE_LENGTH)) for step in bill)


def shares(demand: Demand, facts: PoolFacts) -> tuple[Step, ...]:
    """One step for each queue, or where the strictest comes first, for each number of queues."""
    return tuple(_share(share, facts) for share in demand.shares)


def _share(share: Share, facts: PoolFacts) -> Step:
    if share.ask is None:
        return Step(QUEUE, ceil(share.replicas - ROUNDING), _counted(share.queues[0], facts))
    message = f"{cut(_names(share.queues), 40)}: {_asked(share.ask, share, facts)}"
    return Step(QUEUE if len(share.queues) == 1 else QUEUES, ceil(share.replicas - ROUNDING), message)


def _counted(queue: QueueFacts, facts: PoolFacts) -> str:
    """`orders: 44 running / 4 + 311 waiting / 4`"""
    running = f"{_count(queue.running)} running / {facts.concurrency}"
    waiting = "paused" if queue.paused else f"{_count(queue.waiting)} waiting / {facts.jobs_per_replica}"
    return f"{cut(queue.name, 50)}: {running} + {waiting}"


def _asked(ask: Ask, share: Share, facts: PoolFacts) -> str:
    """`wait p95 10s needs 26 slots: 20 busy on average + 6 for the percentile`"""
    slots = ceil(ask.slots - ROUNDING)
    match ask.why:
        case Why.STAFFING if slots == 0:
            return "nothing arrives, waits or runs"
        case Why.STAFFING:
            busy, reason = round(ask.busy, 1), "for the percentile"
        case Why.CATCHING_UP:
            busy, reason = round(ask.busy, 1), "for what waits"
        case Why.RUNNING_ON:
            return f"{slots} slots for jobs that will still run when another pod could have started"
        case Why.IN_SIGHT:
            return f"{slots} slots for all jobs in sight"
        case Why.UNKNOWN_SERVICE:
            return f"{slots} slots, one a job: how long jobs take is not known yet"
    wait = f"wait p{facts.percentile} {duration.text(share.target)}"
    return f"{wait} needs {slots} slots: {busy:g} busy on average + {round(slots - busy, 1):g} {reason}"


def _names(queues: Sequence[QueueFacts]) -> str:
    return ", ".join(queue.name for queue in queues)


def rate_limits(facts: PoolFacts) -> str:
    limits = ", ".join(f"{queue.rate.jobs} per {queue.rate.per}" for queue in facts.queues if queue.rate)
    return f"as many as {limits} keeps busy"


def damped(wanted: int) -> str:
    return f"until {wanted} have been enough for long enough"


def behaved(wanted: int, current: int) -> str:
    return f"on the way from {current} to {wanted}" if wanted != current else f"{wanted} wanted"


def budgeted(facts: PoolFacts, wanted: int) -> str:
    entitlement = facts.entitlement
    if entitlement is not None and entitlement.giving:
        return f"{wanted} wanted; {entitlement.giving} go to {entitlement.receiver}"
    if entitlement is not None and entitlement.giver:
        return f"{wanted} wanted; waits for {entitlement.waits}, some from {entitlement.giver}"
    return f"{wanted} wanted"


def unclear(facts: PoolFacts) -> str:
    return ", ".join(f"{queue.name} {trouble(queue)}" for queue in facts.unclear)


def held(hold: Hold) -> str:
    return f"{hold.replicas}{until(hold)}"


def trouble(queue: QueueFacts) -> str:
    if queue.missing:
        return "does not exist"
    if queue.unreadable:
        return "is unreadable"
    if queue.running is None or queue.firm:
        return "partly unread"
    return "is in doubt"


def until(hold: Hold) -> str:
    return f" until {datetime.fromtimestamp(hold.until, UTC):%Y-%m-%dT%H:%MZ}" if hold.until is not None else ""


def _count(count: int | None) -> str:
    return "unknown" if count is None else str(count)


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 2] + ".."
