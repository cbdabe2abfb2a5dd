"""What a policy allows in number: replicas of a pool, queues of a namespace, pools of a queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds.findings import Finding, Reason
from policies.fields import items, mapping, text
from policies.rules.rule import CREATION, OBJECT_AND_SCALE, POOLS, QUEUES, Breach, PolicyRule, number
from policies.subject import Subject


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


def max_pools_per_queue(subject: Subject, limit: int) -> Iterator[Breach]:
    """Only a queue the pool did not name before is judged, so a pool may stay where too many are already."""
    before = {text(item, "name") for _, item in items(mapping(subject.previous, "spec"), "queues")}
    for path, reference in items(subject.spec, "queues"):
        name = text(reference, "name")
        if not name or name in before:
            continue
        pools = subject.snapshot.pools_of_queue(subject.namespace, name)
        count = len(pools) - (subject.name in pools)
        if count >= limit:
            message = f"queue {name} has {count} of at most {limit} pools"
            yield Breach(Finding(f"spec.{path}.name", Reason.FORBIDDEN, message), count)


RULES: Final = (
    PolicyRule(
        id="limits.maxReplicasPerPool",
        strictest=min,
        kinds=POOLS,
        subresources=OBJECT_AND_SCALE,
        sentence="No field of a WorkerPool asks for more replicas than this, `kubectl scale` included.",
        check=max_replicas_per_pool,
        prepare=number,
    ),
    PolicyRule(
        id="limits.maxQueuesPerNamespace",
        strictest=min,
        kinds=QUEUES,
        operations=CREATION,
        sentence="A namespace holds at most this many Queues.",
        check=max_queues_per_namespace,
        prepare=number,
    ),
    PolicyRule(
        id="limits.maxPoolsPerQueue",
        strictest=min,
        kinds=POOLS,
        sentence="At most this many WorkerPools take jobs from the same Queue.",
        check=max_pools_per_queue,
        prepare=number,
    ),
)
