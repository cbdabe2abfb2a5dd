"""From a WorkerPool, its queues and what was last seen of them to the facts of a replica decision. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from crds import duration
from policies.effective import Effective
from reconciler.brokers.sight import Sight
from reconciler.observations import Sighting
from reconciler.plans.facts import DEFAULT_STARTUP_SECONDS, Fallback, Hold, PoolFacts, QueueFacts, Rate

STALE_SECONDS: Final = 15.0
"""A sighting older than this says nothing about now."""


@dataclass(frozen=True, slots=True)
class QueueWorld:
    """One queue of a pool: its object and its effective values, None where it does not exist, and its last sighting."""

    name: str
    spec: Mapping[str, Any] | None = None
    effective: Effective | None = None
    sighting: Sighting[Sight] | None = None

    @property
    def unseen(self) -> bool:
        """Whether it exists and this process has not looked at it yet."""
        return self.spec is not None and self.sighting is None


def queue_facts(world: QueueWorld, now: float) -> QueueFacts:
    """`now` is the steady clock that the sighting was taken by."""
    if world.spec is None:
        return QueueFacts(world.name, missing=True)
    paused = bool(world.spec.get("paused"))
    sight = world.sighting.value if world.sighting is not None and world.sighting.age(now) <= STALE_SECONDS else None
    seen = sight.readable if sight is not None else None
    if sight is None or seen is None:
        return QueueFacts(world.name, paused=paused)
    waiting = seen.waiting.value
    return QueueFacts(
        name=world.name,
        waiting=None if waiting is None else waiting + (seen.due.value or 0),
        running=seen.running.value,
        firm=sight.doubt is None,
        paused=paused,
        rate=_rate(world.effective),
        service_seconds=sight.service.seconds if sight.service is not None else None,
    )


def unreadable_seconds(worlds: Sequence[QueueWorld], now: float) -> float:
    """How long nothing could be read of any queue, as far as this process knows."""
    ages = [_unread_for(world.sighting, now) for world in worlds if world.spec is not None]
    return min(ages, default=0.0)


def pool_facts(
    spec: Mapping[str, Any],
    effective: Effective,
    worlds: Sequence[QueueWorld],
    current: int,
    time: datetime,
    now: float,
) -> PoolFacts:
    """`time` is the wall clock, `now` the steady one."""
    return PoolFacts(
        now=time.timestamp(),
        current=current,
        queues=tuple(queue_facts(world, now) for world in worlds),
        max_replicas=effective.get("scaling.maxReplicas"),
        min_replicas=effective.get("scaling.minReplicas"),
        concurrency=effective.get("concurrency"),
        jobs_per_replica=effective.get("scaling.jobsPerReplica"),
        paused=bool(spec.get("paused")),
        hold=_hold(spec.get("hold")),
        fallback=_fallback(effective),
        unreadable_seconds=unreadable_seconds(worlds, now),
        startup_seconds=_seconds(effective.get("scaling.startupTime"), DEFAULT_STARTUP_SECONDS),
    )


def _unread_for(sighting: Sighting[Sight] | None, now: float) -> float:
    if sighting is None:
        return 0.0
    sight = sighting.value
    if sight.readable is not None:
        return now - sighting.at
    last = sight.read_at if sight.read_at is not None else sight.failing_since
    return 0.0 if last is None else now - last


def _rate(effective: Effective | None) -> Rate | None:
    jobs, per = (effective.get(f"rateLimit.{part}") if effective else None for part in ("jobs", "per"))
    return Rate(jobs, duration.seconds(per), per) if jobs is not None and per is not None else None


def _hold(hold: Mapping[str, Any] | None) -> Hold | None:
    if not hold:
        return None
    until = hold.get("until")
    return Hold(hold["replicas"], datetime.fromisoformat(until).timestamp() if until else None)


def _fallback(effective: Effective) -> Fallback | None:
    replicas = effective.get("scaling.fallback.replicas")
    if replicas is None:
        return None
    return Fallback(duration.seconds(effective.get("scaling.fallback.after")), replicas)


def _seconds(text: str | None, default: float) -> float:
    return default if text is None else duration.seconds(text)
