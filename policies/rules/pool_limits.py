"""What a policy allows the workers of a pool: jobs at once, time to drain, priority, resources."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

from crds.findings import Finding, Reason
from policies import resources
from policies.fields import mapping
from policies.resources import amount
from policies.rules.inherited import SPEC, duration_above, duration_below, number_above, shown
from policies.rules.rule import POOLS, Breach, PolicyRule, length, longest, number, shortest
from policies.subject import Subject


def max_concurrency(subject: Subject, limit: int) -> list[Breach]:
    return number_above(subject, "concurrency", limit)


def max_in_flight(subject: Subject, limit: int) -> list[Breach]:
    return number_above(subject, "maxInFlight", limit)


def min_drain_timeout(subject: Subject, limit: str) -> list[Breach]:
    return duration_below(subject, "drain.timeout", limit)


def max_drain_timeout(subject: Subject, limit: str) -> list[Breach]:
    return duration_above(subject, "drain.timeout", limit)


def max_priority(subject: Subject, limit: int) -> list[Breach]:
    return number_above(subject, "priority", limit)


class Most(NamedTuple):
    """The most of one resource, as a number and as the policy writes it."""

    resource: str
    number: Decimal
    text: str


def quantities(limit: Any) -> tuple[Most, ...] | None:
    read = ((name, amount(value), str(value)) for name, value in mapping({"limit": limit}, "limit").items())
    return tuple(Most(name, number, text) for name, number, text in read if number is not None) or None


def max_resources(subject: Subject, limits: tuple[Most, ...]) -> Iterator[Breach]:
    """All containers of a replica together; one that says nothing may take everything, which is over every limit."""
    found = resources.containers(subject.spec, subject.effective)
    field = "spec.template.spec.containers" if "template" in subject.spec else "spec.resources"
    for name, most, text in limits:
        if any(resources.unsaid(found, name)):
            yield Breach(
                Finding(field, Reason.REQUIRED, f"say how much {name} each container needs, at most {text} together")
            )
            continue
        together = resources.total(found, name)
        if together > most:
            told = shown(f"{resources.written(together)} {name}", _origin(subject, name))
            message = f"at most {text} {name} in all containers of a replica together"
            yield Breach(Finding(field, Reason.INVALID, message, told), float(together), name)


def _origin(subject: Subject, name: str) -> str:
    """Who set a worker's resources, where it is not the pool itself."""
    set_by = (subject.effective.origin(f"resources.{part}.{name}") for part in ("limits", "requests"))
    return next((origin for origin in set_by if origin), SPEC)


RULES: Final = (
    PolicyRule(
        id="limits.maxConcurrency",
        strictest=min,
        kinds=POOLS,
        sentence="A replica of a WorkerPool runs at most so many jobs at once.",
        check=max_concurrency,
        prepare=number,
    ),
    PolicyRule(
        id="limits.maxInFlight",
        strictest=min,
        kinds=POOLS,
        sentence="A replica of a WorkerPool holds at most so many jobs, prefetched ones included; without maxInFlight "
        "that is its concurrency.",
        check=max_in_flight,
        prepare=number,
    ),
    PolicyRule(
        id="limits.minDrainTimeout",
        strictest=longest,
        kinds=POOLS,
        sentence="Workers get at least this long to finish their jobs, inherited and built-in values included.",
        check=min_drain_timeout,
        prepare=length,
    ),
    PolicyRule(
        id="limits.maxDrainTimeout",
        strictest=shortest,
        kinds=POOLS,
        sentence="Workers get at most this long to finish their jobs, inherited and built-in values included.",
        check=max_drain_timeout,
        prepare=length,
    ),
    PolicyRule(
        id="limits.maxPriority",
        strictest=min,
        kinds=POOLS,
        sentence="The priority of a WorkerPool is at most this.",
        check=max_priority,
        prepare=number,
    ),
    PolicyRule(
        id="limits.maxResourcesPerReplica",
        kinds=POOLS,
        sentence="All containers of a replica together request and are limited to at most this; of cpu, memory and "
        "ephemeral-storage each must say something. Headgate's own agent is not counted.",
        check=max_resources,
        prepare=quantities,
    ),
)
