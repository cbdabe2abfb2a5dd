"""Facts for tests: a pool that may serve with 0 to 20 replicas of 4 jobs each, unless a test says otherwise."""

from __future__ import annotations

from typing import Any

from reconciler.plans.facts import PoolFacts, QueueFacts, Rate

EPOCH = 1_800_000_000.0
PER_MINUTE = Rate(jobs=300, seconds=60.0, per="1m")


def queue(waiting: int | None = 0, running: int | None = 0, name: str = "orders", **more: Any) -> QueueFacts:
    return QueueFacts(name, waiting, running, **more)


def steady(waiting: int = 0, running: int = 20, name: str = "orders", **more: Any) -> QueueFacts:
    """A queue whose 10 jobs a second, of 2 s each, keep 20 slots busy, and may wait 10 s."""
    told = {
        "arrivals_short": 10.0,
        "arrivals_long": 10.0,
        "service_seconds": 2.0,
        "completed": 3000,
        "wait_target": 10.0,
    }
    return QueueFacts(name, waiting, running, **{**told, **more})


def unreadable(name: str = "orders") -> QueueFacts:
    return QueueFacts(name)


def pool(*queues: QueueFacts, current: int = 0, minimum: int = 0, maximum: int = 20, **more: Any) -> PoolFacts:
    settings = {"concurrency": 4, "jobs_per_replica": 4, **more}
    return PoolFacts(now=EPOCH, current=current, queues=queues, min_replicas=minimum, max_replicas=maximum, **settings)
