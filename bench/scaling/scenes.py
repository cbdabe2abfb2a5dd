"""Pools of several queues, two pools of one queue, and pools that share a budget: traces, and what has to be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from bench.scaling.scenarios import TWO_SECONDS
from headgate.simulation import oracle, work
from headgate.simulation.budget import Budget
from headgate.simulation.settings import QueueSettings, Settings
from headgate.simulation.work import HOUR, Rate, Sampler, Trace
from reconciler.plans.shares import Sharer, share

MIXED: Final = 2.0
"""Cost over the oracle's, which is no schedule but a bound where queues share what they need."""
APART: Final = 1000
"""Between the seeds of two queues, so that their jobs do not come at the same moments."""


@dataclass(frozen=True, slots=True)
class Load:
    rate: Rate
    service: Sampler = TWO_SECONDS


@dataclass(frozen=True, slots=True)
class Scene:
    """`loads` are those of the queues, by name; `cost` is the most that all pools together may cost over the oracle.
    Under a `budget` peers get a quota of as many pods, which is the nearest that they have.
    """

    name: str
    loads: Mapping[str, Load]
    pools: tuple[Settings, ...]
    cost: float = MIXED
    hours: float = 2.0
    budget: Budget | None = None

    def trace(self, seed: int) -> Trace:
        return work.together(
            {
                name: work.poisson(load.rate, load.service, self.hours * HOUR, seed + APART * place)
                for place, (name, load) in enumerate(self.loads.items())
            }
        )

    @property
    def targets(self) -> Mapping[str, float]:
        """The wait targets in seconds, by queue."""
        return {queue.name: queue.target or 0.0 for pool in self.pools for queue in pool.queues}

    def best(self, trace: Trace) -> float:
        """What somebody pays who knows the future and has no budget; pools of the same queues are one."""
        return sum(oracle.pod_seconds(_of(trace, pool.names), pool) for pool in _merged(self.pools))


def _merged(pools: Sequence[Settings]) -> Iterator[Settings]:
    for names in dict.fromkeys(pool.names for pool in pools):
        same = [pool for pool in pools if pool.names == names]
        yield replace(
            same[0],
            max_replicas=sum(pool.max_replicas for pool in same),
            min_replicas=sum(pool.min_replicas for pool in same),
            startup=min(pool.startup for pool in same),
        )


def _of(trace: Trace, names: Sequence[str]) -> Trace:
    """The jobs of these queues, which stand in the trace in this order."""
    places = {trace.queues.index(name): place for place, name in enumerate(names)}
    jobs = [job._replace(queue=places[job.queue]) for job in trace.jobs if job.queue in places]
    return Trace(jobs, trace.duration, tuple(names))


def _pool(*queues: QueueSettings, startup: float = 30.0, maximum: int = 20, priority: int = 0) -> Settings:
    return Settings(max_replicas=maximum, concurrency=4, queues=queues, startup=startup, priority=priority)


def _sharing(*pools: Settings) -> tuple[Settings, ...]:
    """Pools of one queue, each with its part of it."""
    sharers = [Sharer(str(place), pool.max_replicas, pool.concurrency) for place, pool in enumerate(pools)]
    parts = [share(one.uid, sharers) for one in sharers]
    return tuple(_with_part(pool, part) for pool, part in zip(pools, parts, strict=True))


def _with_part(pool: Settings, part: Fraction) -> Settings:
    return replace(pool, queues=tuple(replace(queue, share=part) for queue in pool.queues))


SCENES: Final = (
    Scene(
        "three queues in order",
        {
            "urgent": Load(work.constant(3)),
            "normal": Load(work.sine(1, 5, 1800)),
            "bulk": Load(work.on_off(12, 120, 1080)),
        },
        (_pool(QueueSettings("urgent", 10.0), QueueSettings("normal", 60.0), QueueSettings("bulk", 600.0)),),
    ),
    Scene(
        "two queues in turns",
        {"orders": Load(work.sine(2, 8, 1800)), "reports": Load(work.constant(0.5), work.exponential(10.0))},
        (_pool(QueueSettings("orders", 20.0, weight=3), QueueSettings("reports", 120.0, weight=1)),),
    ),
    Scene(
        "two pools of one queue",
        {"jobs": Load(work.sine(2, 18, 1200))},
        _sharing(
            _pool(QueueSettings("jobs", 20.0), startup=30.0, maximum=14),
            _pool(QueueSettings("jobs", 20.0), startup=45.0, maximum=6),
        ),
    ),
    Scene(
        "a budget of 10",
        {
            "online": Load(work.step(2, 12, 2400, 4800)),
            "batch": Load(work.on_off(0.6, 2400, 1200), work.uniform(30, 0.5)),
        },
        (
            _pool(QueueSettings("online", 60.0), startup=15.0, priority=10),
            _pool(QueueSettings("batch", 900.0), startup=15.0),
        ),
        budget=Budget(10, min_runtime=120.0),
    ),
)
