"""What a pool in the plant is like: the settings a law works with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

from reconciler.plans.behavior import Behavior
from reconciler.plans.facts import DEFAULT_PERCENTILE, Fallback, Hold, Rate
from reconciler.plans.schedules import Schedule

MIDNIGHT: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""When a run begins unless somebody says otherwise: a Monday, the same each time, so that the same run is played."""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """One queue of the pool. `target`, in seconds, None lets the pool follow the number of jobs instead of their waits.

    Its rate limit is kept by workers with a bucket that holds `burst` tokens; None: as many as `rate.jobs`.
    """

    name: str = "jobs"
    target: float | None = None
    rate: Rate | None = None
    burst: int | None = None
    weight: int | None = None
    paused: bool = False
    share: Fraction = Fraction(1)
    """This pool's part of a queue that several pools work off."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds throughout; `queues` are in the order in which workers take them. The run begins at `begin`, which is
    what schedules and the end of a hold go by.
    """

    max_replicas: int
    min_replicas: int = 1
    concurrency: int = 1
    jobs_per_replica: int = 1
    queues: tuple[QueueSettings, ...] = (QueueSettings(),)
    percentile: int = DEFAULT_PERCENTILE
    catch_up: float | None = None
    startup: float = 30.0
    """What a pod takes to start (90th percentile), in the plant."""
    known_startup: float | None = None
    """What the pool is told of it; None has it measured."""
    behavior: Behavior | None = None
    schedules: tuple[Schedule, ...] = ()
    fallback: Fallback | None = None
    hold: Hold | None = None
    paused: bool = False
    priority: int = 0
    """Among pools that share a budget."""
    begin: datetime = MIDNIGHT

    @property
    def in_order(self) -> bool:
        """Whether workers take a job of a queue only where those before it have none, and do not weigh them."""
        return all(queue.weight is None for queue in self.queues)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(queue.name for queue in self.queues)


def queue_names(pools: Iterable[Settings]) -> tuple[str, ...]:
    """The queues of several pools, each once."""
    return tuple(dict.fromkeys(name for pool in pools for name in pool.names))


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until before `end`, in seconds of the run."""

    start: float
    end: float

    def holds(self, now: float) -> bool:
        return self.start <= now < self.end


NEVER = Span(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong meanwhile: the broker cannot be read, or answers that it is empty after a failover; the
    operator restarts; a new revision is rolled out, on which `surge` (a share) more pods than wanted may exist.
    """

    unreadable: Span = NEVER
    reads_empty: Span = NEVER
    restart_at: float | None = None
    rollout_at: float | None = None
    surge: float = 0.25
