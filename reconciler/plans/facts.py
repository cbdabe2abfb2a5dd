"""What a replica decision is made from. None is unknown, and unknown is not zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_STARTUP_SECONDS: Final = 30.0
"""How long a pod takes from its creation to its first fetch, until it has been measured."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`rateLimit` of a queue: `jobs` in `seconds`, which the user wrote as `per`."""

    jobs: int
    seconds: float
    per: str


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What one queue says.

    With `firm` False the numbers are only lower bounds: the broker may have failed over. `missing` is a queue that the
    pool names and that does not exist.
    """

    name: str
    waiting: int | None = None
    running: int | None = None
    firm: bool = True
    paused: bool = False
    rate: Rate | None = None
    service_seconds: float | None = None
    missing: bool = False

    @property
    def unreadable(self) -> bool:
        return self.waiting is None and self.running is None

    @property
    def complete(self) -> bool:
        """Whether everything that counts is known well enough to shrink by."""
        return self.firm and self.running is not None and (self.paused or self.waiting is not None)

    @property
    def has_jobs(self) -> bool:
        """Whether a replica has something to do here."""
        return bool(self.running) or (bool(self.waiting) and not self.paused)


@dataclass(frozen=True, slots=True)
class Hold:
    """`spec.hold`; `until` in seconds since the epoch, None for ever."""

    replicas: int
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """`scaling.fallback`: at least `replicas` once nothing could be read for `after_seconds`."""

    after_seconds: float
    replicas: int


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """Everything a decision depends on, except the window of earlier ones.

    `now` is in seconds since the epoch, for the hold. `current` is the number served with until now, draining pods
    left out. `unreadable_seconds` is how long no queue could be read.
    """

    now: float
    current: int
    queues: tuple[QueueFacts, ...]
    max_replicas: int
    min_replicas: int = 1
    concurrency: int = 1
    jobs_per_replica: int = 1
    paused: bool = False
    hold: Hold | None = None
    fallback: Fallback | None = None
    unreadable_seconds: float = 0.0
    startup_seconds: float = DEFAULT_STARTUP_SECONDS

    @property
    def unclear(self) -> tuple[QueueFacts, ...]:
        """The queues that forbid to shrink."""
        return tuple(queue for queue in self.queues if not queue.complete)

    @property
    def blind(self) -> bool:
        """Whether nothing at all is known."""
        return all(queue.unreadable for queue in self.queues)
