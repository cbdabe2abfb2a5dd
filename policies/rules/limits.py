"""The limits of a policy, each judged by itself: what is judged is what would hold, inherited values included."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from crds import duration
from crds.findings import Finding, Reason
from policies.fields import integer, items, text
from policies.rules.rule import CREATION, OBJECT_AND_SCALE, POOLS, QUEUES, Breach, PolicyRule
from policies.subject import Subject

_REPLICA_FIELDS: Final = (
    ("spec", "scaling", "maxReplicas"),
    ("spec", "scaling", "minReplicas"),
    ("spec", "scaling", "fallback", "replicas"),
    ("spec", "hold", "replicas"),
)


def max_replicas_per_pool(subject: Subject, limit: Any) -> Iterator[Breach]:
    """Every field that can ask for replicas, so that one answer names all there is to lower."""
    if type(limit) is not int:
        return
    for path in _REPLICA_FIELDS:
        yield from _at_most(limit, ".".join(path), integer(subject.obj, *path))
    for place, schedule in items(subject.spec, "scaling", "schedules"):
        yield from _at_most(limit, f"spec.{place}.minReplicas", integer(schedule, "minReplicas"))


def max_queues_per_namespace(subject: Subject, limit: Any) -> Iterator[Breach]:
    """Only a new queue is judged. Two created in the same instant may both pass; a ResourceQuota is exact."""
    if type(limit) is not int:
        return
    others = subject.snapshot.queues(subject.namespace)
    count = len(others) - (subject.name in others)
    if count >= limit:
        message = f"namespace {subject.namespace} has {count} of at most {limit} queues"
        yield Breach(Finding("metadata.namespace", Reason.FORBIDDEN, message), count)


def max_rate(subject: Subject, limit: Any) -> Iterator[Breach]:
    """A queue without any rate limit is over every limit, as a container without one is for a LimitRange."""
    most = _per_second(limit)
    if most is None:
        return
    words = f"at most {_rate_text(limit)}"
    rate = subject.effective.get("rateLimit")
    if rate is None:
        yield Breach(Finding("spec.rateLimit", Reason.REQUIRED, words))
        return
    wanted = _per_second(rate)
    if wanted is not None and wanted > most:
        origin = subject.effective.origin("rateLimit.jobs")
        inherited = "" if origin == "spec" else f", inherited from {origin}"
        finding = Finding("spec.rateLimit", Reason.INVALID, words, f"{_rate_text(rate)}{inherited}")
        yield Breach(finding, float(wanted))


def _at_most(limit: int, field: str, value: int | None) -> Iterator[Breach]:
    if value is not None and value > limit:
        yield Breach(Finding(field, Reason.INVALID, f"at most {limit}", value), value)


def _per_second(rate: Any) -> Fraction | None:
    jobs, per = integer(rate, "jobs"), text(rate, "per")
    if jobs is None or not per:
        return None
    try:
        seconds = Fraction(duration.seconds(per))
    except ValueError:
        return None
    return Fraction(jobs) / seconds if seconds > 0 else None


def _rate_text(rate: Any) -> str:
    return f"{rate['jobs']} per {rate['per']}"


RULES: Final = (
    PolicyRule(
        id="limits.maxReplicasPerPool",
        kinds=POOLS,
        subresources=OBJECT_AND_SCALE,
        sentence="No field of a WorkerPool asks for more replicas than this, `kubectl scale` included.",
        check=max_replicas_per_pool,
    ),
    PolicyRule(
        id="limits.maxQueuesPerNamespace",
        kinds=QUEUES,
        operations=CREATION,
        sentence="A namespace holds at most this many Queues.",
        check=max_queues_per_namespace,
    ),
    PolicyRule(
        id="limits.maxRate",
        kinds=QUEUES,
        sentence="The effective rate limit of a Queue is at most this; a Queue needs one.",
        check=max_rate,
    ),
)
