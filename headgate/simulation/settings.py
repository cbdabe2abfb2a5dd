"""What a pool in the plant is like: the settings a law works with."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.plans.behavior import Behavior
from reconciler.plans.facts import DEFAULT_PERCENTILE, Rate


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds throughout. `target` None lets the pool follow the number of jobs instead of their waits."""

    max_replicas: int
    min_replicas: int = 1
    concurrency: int = 1
    jobs_per_replica: int = 1
    target: float | None = None
    percentile: int = DEFAULT_PERCENTILE
    catch_up: float | None = None
    startup: float = 30.0
    """What a pod takes to start (90th percentile), in the plant."""
    known_startup: float | None = None
    """What the pool is told of it; None has it measured."""
    behavior: Behavior | None = None
    rate: Rate | None = None


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
