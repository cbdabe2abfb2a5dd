"""What a policy allows the jobs of a Queue: how fast, how often again, how long kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from crds.findings import Finding, Reason
from policies.fields import integer, text
from policies.rates import Rate, slowest
from policies.rules.inherited import duration_above, number_above, shown
from policies.rules.rule import QUEUES, Breach, PolicyRule, length, number, shortest
from policies.subject import Subject


def rate(limit: Any) -> Rate | None:
    jobs, per = integer(limit, "jobs"), text(limit, "per")
    return None if jobs is None else Rate.of(jobs, per)


def max_rate(subject: Subject, limit: Rate) -> Iterator[Breach]:
    """A queue without any rate limit is over every limit, as a container without one is for a LimitRange."""
    wanted = subject.rate
    if wanted is None:
        yield Breach(Finding("spec.rateLimit", Reason.REQUIRED, f"at most {limit}"))
    elif wanted.rate is not None and wanted.rate.exceeds(limit):
        told = shown(str(wanted.rate), wanted.origin)
        yield Breach(Finding("spec.rateLimit", Reason.INVALID, f"at most {limit}", told), wanted.rate.per_second)


def max_retries(subject: Subject, limit: int) -> list[Breach]:
    return number_above(subject, "retry.maxRetries", limit)


def max_backoff(subject: Subject, limit: str) -> list[Breach]:
    return duration_above(subject, "retry.backoff.max", limit)


def max_retention(subject: Subject, limit: str) -> list[Breach]:
    """Jobs that are kept by the library's own rule, because nobody says anything, are not Headgate's to bound."""
    return [
        *duration_above(subject, "retention.completed", limit),
        *duration_above(subject, "retention.failed", limit),
    ]


RULES: Final = (
    PolicyRule(
        id="limits.maxRate",
        strictest=slowest,
        kinds=QUEUES,
        sentence="The effective rate limit of a Queue is at most this; a Queue needs one.",
        check=max_rate,
        prepare=rate,
    ),
    PolicyRule(
        id="limits.maxRetries",
        strictest=min,
        kinds=QUEUES,
        sentence="A failed job of a Queue is tried again at most so often, inherited and built-in values included.",
        check=max_retries,
        prepare=number,
    ),
    PolicyRule(
        id="limits.maxBackoff",
        strictest=shortest,
        kinds=QUEUES,
        sentence="The longest wait between two tries of a job is at most this, inherited and built-in values included.",
        check=max_backoff,
        prepare=length,
    ),
    PolicyRule(
        id="limits.maxRetention",
        strictest=shortest,
        kinds=QUEUES,
        sentence="Finished jobs and dead letters are kept for at most this, where the Queue or a policy says how long.",
        check=max_retention,
        prepare=length,
    ),
)
