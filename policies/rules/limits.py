"""The limits of a policy, each judged by itself: what is judged is what would hold, inherited values included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from crds.findings import Finding, Reason
from policies.fields import integer, text
from policies.rates import Rate
from policies.rules.rule import CREATION, OBJECT_AND_SCALE, POOLS, QUEUES, Breach, PolicyRule
from policies.subject import Subject


def number(limit: Any) -> int | None:
    return limit if type(limit) is int else None


def rate(limit: Any) -> Rate | None:
    jobs, per = integer(limit, "jobs"), text(limit, "per")
    return None if jobs is None else Rate.of(jobs, per)


def max_replicas_per_pool(subject: Subject, limit: int) -> list[Breach]:
    """Every field that asks for more, so that one answer names all there is to lower."""
    return [
        Breach(Finding(field, Reason.INVALID, f"at most {limit}", value), value)
        for field, value in subject.replicas
        if value > limit
    ]


def max_queues_per_namespace(subject: Subject, limit: int) -> Iterator[Breach]:
    """Only a new queue is judged. Two created in the same instant may both pass; a ResourceQuota is exact."""
    others = subject.snapshot.queues(subject.namespace)
    count = len(others) - (subject.name in others)
    if count >= limit:
        message = f"namespace {subject.namespace} has {count} of at most {limit} queues"
        yield Breach(Finding("metadata.namespace", Reason.FORBIDDEN, message), count)


def max_rate(subject: Subject, limit: Rate) -> Iterator[Breach]:
    """A queue without any rate limit is over every limit, as a container without one is for a LimitRange."""
    wanted = subject.rate
    if wanted is None:
        yield Breach(Finding("spec.rateLimit", Reason.REQUIRED, f"at most {limit}"))
    elif wanted.rate is not None and wanted.rate.exceeds(limit):
        inherited = "" if wanted.origin == "spec" else f", inherited from {wanted.origin}"
        finding = Finding("spec.rateLimit", Reason.INVALID, f"at most {limit}", f"{wanted.rate}{inherited}")
        yield Breach(finding, wanted.rate.per_second)


RULES: Final = (
    PolicyRule(
        id="limits.maxReplicasPerPool",
        kinds=POOLS,
        subresources=OBJECT_AND_SCALE,
        sentence="No field of a WorkerPool asks for more replicas than this, `kubectl scale` included.",
        check=max_replicas_per_pool,
        prepare=number,
    ),
    PolicyRule(
        id="limits.maxQueuesPerNamespace",
        kinds=QUEUES,
        operations=CREATION,
        sentence="A namespace holds at most this many Queues.",
        check=max_queues_per_namespace,
        prepare=number,
    ),
    PolicyRule(
        id="limits.maxRate",
        kinds=QUEUES,
        sentence="The effective rate limit of a Queue is at most this; a Queue needs one.",
        check=max_rate,
        prepare=rate,
    ),
)
