"""One queue as the plant plays it, its jobs, and what a reconciler could count of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from headgate.simulation.bucket import Bucket
from headgate.simulation.settings import QueueSettings


@dataclass(slots=True, eq=False)
class Job:
    """`queue` is the place of its queue among the plant's; `pod` is who runs it."""

    arrived: float
    seconds: float
    queue: int = 0
    started: float = -1.0
    pod: Pod | None = None


@dataclass(slots=True, eq=False)
class Pod:
    """`pool` is the place of its pool among the plant's."""

    name: int
    created: float
    ready_at: float
    pool: int = 0
    revision: int = 0
    jobs: set[Job] = field(default_factory=set)
    ready: bool = False
    leaving: bool = False
    offered: bool = False
    """Whether it stands in its crew's list of pods with a free slot."""


class Line:
    """Jobs in the order in which they came. `busy_seconds`, `lengths` and `squares` are those of its runs; all counts
    only grow.
    """

    def __init__(self, own: QueueSettings) -> None:
        self.waiting: deque[Job] = deque()
        self.waits: list[float] = []
        self.running = self.arrived = self.completed = 0
        self.busy_seconds = self.lengths = self.squares = 0.0
        self._paused = own.paused
        self._bucket = Bucket(own.rate, own.burst) if own.rate is not None else None

    def opens(self, now: float) -> float | None:
        """When its next job may begin, which is `now` if it may at once; None while there is none."""
        if not self.waiting or self._paused:
            return None
        return now if self._bucket is None else self._bucket.opens(now)

    def begin(self, now: float) -> Job:
        """Takes the job that has waited longest."""
        job = self.waiting.popleft()
        if self._bucket is not None:
            self._bucket.take(now)
        if job.started < 0:
            self.waits.append(now - job.arrived)
        job.started = now
        self.running += 1
        return job

    def finish(self, seconds: float) -> None:
        """A job of it has ended after so long."""
        self.running -= 1
        self.completed += 1
        self.lengths += seconds
        self.squares += seconds**2

    def give_back(self, job: Job) -> None:
        """It was cut off, and is first in line."""
        self.running -= 1
        self.waiting.appendleft(job)

    def end(self, now: float) -> None:
        """What still waits has waited at least so long."""
        self.waits += [now - job.arrived for job in self.waiting if job.started < 0]
