"""Writes of WorkerPools, and which of them keep the ten rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bench.webhook import world
from bench.webhook.world import HOME, Object


@dataclass(frozen=True, slots=True)
class Write:
    """A write of a WorkerPool, and whether it keeps all rules."""

    name: str
    good: bool
    new: Object
    old: Object | None = None


_GOOD: Final[dict[str, dict[str, Any]]] = {
    "nothing wrong": {},
    "as many replicas as may be": {"scaling": {"minReplicas": 1, "maxReplicas": 20}},
    "a low hold": {"hold": {"replicas": 4}},
    "memory in another unit": {"resources": {"limits": {"memory": "8191Mi"}}},
}
_BAD: Final[dict[str, dict[str, Any]]] = {
    "too many replicas": {"scaling": {"minReplicas": 1, "maxReplicas": 40}},
    "a hold that is too high": {"hold": {"replicas": 9}},
    "too much memory": {"resources": {"limits": {"memory": "16Gi"}}},
    "a minimum of zero": {"scaling": {"minReplicas": 0, "maxReplicas": 10}},
    "no minimum": {"scaling": {"maxReplicas": 10}},
    "no limit of memory, which a rule reads": {"resources": {"requests": {"memory": "1Gi"}}},
    "everything at once": {
        "scaling": {"minReplicas": 0, "maxReplicas": 40},
        "hold": {"replicas": 9},
        "resources": {"limits": {"memory": "16Gi"}},
    },
}


def samples() -> Iterator[Write]:
    """Every sample as a creation and as a change of a pool that was fine."""
    for good, changes in ((True, _GOOD), (False, _BAD)):
        for name, change in changes.items():
            yield Write(f"creation with {name}", good, _pool(**change))
            yield Write(f"change to {name}", good, _pool(**change), _pool(concurrency=8))
    labelled = _pool()
    labelled["metadata"]["labels"]["forbidden"] = "yes"
    yield Write("creation with a forbidden label", False, labelled)


def measured() -> tuple[Write, ...]:
    return (
        Write("a creation", True, _pool()),
        Write("a change", True, _pool(concurrency=8), _pool()),
        Write("a creation with a hold", True, _pool(hold={"replicas": 2})),
        Write("a creation that is refused", False, _pool(scaling={"minReplicas": 1, "maxReplicas": 40})),
    )


def _pool(**changes: Any) -> Object:
    return world.pool(HOME, "new-pool", queues=[{"name": "jobs-000"}], **changes)
