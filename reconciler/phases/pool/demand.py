"""From a WorkerPool, its queues and what was last seen of them to the facts of a replica decision. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import Any, Final

from crds import duration
from policies.effective import Effective
from reconciler.brokers.observation import Method, Observation
from reconciler.brokers.sight import Sight
from reconciler.observations import Sighting
from reconciler.phases.pool.serving import NOBODY, Serving
from reconciler.plans import behavior
from reconciler.plans.facts import (
    DEFAULT_PERCENTILE,
    DEFAULT_STARTUP_SECONDS,
    Fallback,
    Hold,
    Outcomes,
    PoolFacts,
    QueueFacts,
    Rate,
    Source,
)
from reconciler.plans.flow import LONG_SECONDS, MIDDLE_SECONDS, SHORT_SECONDS

STALE_SECONDS: Final = 15.0
"""A sighting older than this says nothing about now."""


@dataclass(frozen=True, slots=True)
class QueueWorld:
    """One queue of a pool: its object and its effective values, None where it does not exist, its last sighting, the
    wait that the pool promises for it, and the pool's part of it.
    """

    name: str
    spec: Mapping[str, Any] | None = None
    effective: Effective | None = None
    sighting: Sighting[Sight] | None = None
    wait_target: str | None = None
    share: Fraction = Fraction(1)

    @property
    def readable(self) -> Observation | None:
        """The last reading, unless it has failed since."""
        return self.sighting.value.readable if self.sighting is not None else None

    @property
    def unseen(self) -> bool:
        """Whether it exists and this process has not looked at it yet."""
        return self.spec is not None and self.sighting is None


def queue_facts(world: QueueWorld, now: float) -> QueueFacts:
    """`now` is the steady clock that the sighting was taken by."""
    if world.spec is None:
        return QueueFacts(world.name, missing=True)
    common: Any = {"paused": bool(world.spec.get("paused")), "share": world.share, "wait_target": _target(world)}
    sight = world.sighting.value if world.sighting is not None and world.sighting.age(now) <= STALE_SECONDS else None
    seen = sight.readable if sight is not None else None
    if sight is None or seen is None:
        return QueueFacts(world.name, **common)
    waiting, due = seen.waiting.value, _due(sight, seen)
    return QueueFacts(
        name=world.name,
        waiting=None if waiting is None else waiting + (due or 0),
        due_known=due is not None,
        running=seen.running.value,
        firm=sight.doubt is None,
        rate=_rate(world.effective),
        source=_source(sight, seen, now - world.sighting.at if world.sighting is not None else 0.0),
        **_measured(sight),
        **common,
    )


def _source(sight: Sight, seen: Observation, age: float) -> Source:
    methods = {
        "waiting": seen.waiting.method,
        "running": seen.running.method,
        "oldest": sight.oldest.method,
        "arrivals": sight.counted.arrived.method,
        "completions": sight.counted.completed.method,
    }
    estimated = frozenset(name for name, method in methods.items() if method is Method.ESTIMATED)
    return Source(age, sight.oldest_age, estimated, partial(_outcomes, sight))


def _outcomes(sight: Sight) -> Outcomes:
    wait = sight.wait
    return Outcomes(wait.value, sight.latency(), judged=wait.method is Method.ESTIMATED)


def _due(sight: Sight, seen: Observation) -> int | None:
    """The scheduled jobs that are to be counted as waiting; None while unknown.

    Where jobs are scheduled all the time, as many as arrive while a pod starts are always due: those the arrivals stand
    for already, and only what is due beyond them is more.
    """
    if seen.due_jobs is None:
        return None
    coming = sight.flow.arrivals(LONG_SECONDS) if sight.flow is not None else None
    return max(0, seen.due_jobs - round((coming or 0.0) * seen.due_seconds))


def _measured(sight: Sight) -> dict[str, Any]:
    """What the flow of jobs has shown; what it has not shown yet is left out, and unknown."""
    flow, service = sight.flow, sight.service
    if flow is None:
        return {}
    return {
        "arrivals_short": flow.arrivals(SHORT_SECONDS),
        "arrivals_middle": flow.arrivals(MIDDLE_SECONDS),
        "arrivals_long": flow.arrivals(LONG_SECONDS),
        "watched_seconds": flow.watched,
        "completions": flow.completions(LONG_SECONDS),
        "service_seconds": service.seconds if service is not None else None,
        "service_cv2": service.cv2 if service is not None else None,
        "completed": service.runs if service is not None else None,
    }


def _target(world: QueueWorld) -> float | None:
    return None if world.wait_target is None else duration.seconds(world.wait_target)


@dataclass(frozen=True, slots=True)
class Workers:
    """What the pool's pods amount to, and how long they have taken to start; None before the first start."""

    serving: Serving = NOBODY
    startup_seconds: float | None = None


NO_WORKERS: Final = Workers()


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
    workers: Workers = NO_WORKERS,
) -> PoolFacts:
    """`time` is the wall clock, `now` the steady one."""
    concurrency = effective.get("concurrency")
    catch_up = effective.get("scaling.catchUpTime")
    return PoolFacts(
        now=time.timestamp(),
        current=current,
        queues=tuple(queue_facts(world, now) for world in worlds),
        max_replicas=effective.get("scaling.maxReplicas"),
        min_replicas=effective.get("scaling.minReplicas"),
        concurrency=concurrency,
        jobs_per_replica=effective.get("scaling.jobsPerReplica"),
        paused=bool(spec.get("paused")),
        hold=_hold(spec.get("hold")),
        fallback=_fallback(effective),
        unreadable_seconds=unreadable_seconds(worlds, now),
        startup_seconds=_startup(effective, workers),
        percentile=effective.get("scaling.wait.percentile") or DEFAULT_PERCENTILE,
        catch_up_seconds=None if catch_up is None else duration.seconds(catch_up),
        ready_slots=workers.serving.ready * concurrency,
        running_on_serving=workers.serving.running,
        starting=workers.serving.starting,
        behavior=behavior.parsed(effective.get("scaling.behavior")),
        in_order=not any("weight" in queue for queue in spec["queues"]),
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


def _startup(effective: Effective, workers: Workers) -> float:
    """What the user says, else what was measured, else 30 s."""
    told = effective.get("scaling.startupTime")
    if told is not None:
        return duration.seconds(told)
    return DEFAULT_STARTUP_SECONDS if workers.startup_seconds is None else workers.startup_seconds
