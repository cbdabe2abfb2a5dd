"""What a broker said about one queue at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final, Generic, TypeVar

from reconciler.brokers.records import NO_RECORDS, Records

T = TypeVar("T", int, float)


KEPT_SIGNALS: Final = 4096
"""Most numbers are small ones, of which thousands of queues have the same."""


class Method(StrEnum):
    """How a signal was come by."""

    EXACT = "Exact"
    """The broker's own count."""
    ESTIMATED = "Estimated"
    """Worked out from something else, and right to the order of magnitude."""
    UNKNOWN = "Unknown"
    """Nothing can be said. Never to be read as zero."""


@dataclass(frozen=True, slots=True)
class Signal(Generic[T]):
    """One number; `value` is None when it is unknown, and for the oldest job also when nothing waits."""

    value: T | None = None
    method: Method = Method.UNKNOWN


UNKNOWN_COUNT: Final[Signal[int]] = Signal()
UNKNOWN_TIME: Final[Signal[float]] = Signal()


@lru_cache(maxsize=KEPT_SIGNALS, typed=True)
def exact(value: T | None) -> Signal[T]:
    return Signal(value, Method.EXACT)


@lru_cache(maxsize=KEPT_SIGNALS, typed=True)
def estimated(value: T | None) -> Signal[T]:
    return Signal(value, Method.ESTIMATED)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which server answered, to notice a failover; fields it does not tell are empty."""

    run_id: str = ""
    replication_id: str = ""
    role: str = ""


@dataclass(frozen=True)
class Observation:
    """The signals of one queue. Times are seconds since the epoch by the broker's clock.

    `waiting` leaves out `scheduled` jobs; `due` is how many of those are due within `due_seconds`, a start-up
    time. `wait` is how long jobs wait before they start, where the source tells that by itself. `enqueued` and
    `finished` are counters that only grow, where the broker itself keeps them, so that their differences between two
    observations are arrivals and completions; `counting` says how these are known, and `lag` by how many seconds they
    may come later than what waits and runs. `refused` are the broker's words for what it refused to tell, and
    left unknown. `workers` are the workers' status records, `records` the
    same as they were written, by instance; `records_left_out` says how many more there are. `kept` is how many jobs the
    broker itself keeps for an instance, as far as it was asked. Until `same_until` the same answers to the same
    questions would mean the same; it is 0 where that is not known.
    """

    time: float
    waiting: Signal[int] = UNKNOWN_COUNT
    running: Signal[int] = UNKNOWN_COUNT
    scheduled: Signal[int] = UNKNOWN_COUNT
    due: Signal[int] = UNKNOWN_COUNT
    dead_letters: Signal[int] = UNKNOWN_COUNT
    oldest_enqueued: Signal[float] = UNKNOWN_TIME
    wait: Signal[float] = UNKNOWN_TIME
    enqueued: int | None = None
    finished: int | None = None
    counting: Method = Method.EXACT
    lag: float = 0.0
    due_seconds: float = 0.0
    refused: str = ""
    identity: Identity = Identity()
    workers: Records = NO_RECORDS
    records: Mapping[str, bytes] = field(default_factory=dict)
    records_left_out: int = 0
    kept: Mapping[str, int] = field(default_factory=dict)
    same_until: float = field(default=0.0, compare=False)

    def at(self, time: float) -> Observation:
        """The same at another time. Queues at rest are read by the thousand a second; `replace` takes ten times as
        long.
        """
        made = object.__new__(Observation)
        made.__dict__.update(self.__dict__, time=time)
        return made

    def told(self, time: float, workers: Records, records: Mapping[str, bytes], same_until: float) -> Observation:
        """The same at another time, at which its workers have said the same again."""
        made = self.at(time)
        made.__dict__.update(workers=workers, records=records, same_until=same_until)
        return made

    def repeats(self, other: Observation) -> bool:
        """Whether it is the other one `at` another time; what is equal by chance is not."""
        return all(value is other.__dict__[name] for name, value in self.__dict__.items() if name != "time")

    @property
    def oldest_age(self) -> float | None:
        """How long the oldest job has waited, in seconds: 0 when nothing waits, None when it does not say."""
        oldest = self.oldest_enqueued.value
        if oldest is not None:
            return max(0.0, self.time - oldest)
        return 0.0 if self.waiting.value == 0 else None

    @property
    def due_jobs(self) -> int | None:
        """How many scheduled jobs are due within `due_seconds`: none where none is scheduled; None while unknown."""
        return 0 if self.due.value is None and self.scheduled.value == 0 else self.due.value

    @property
    def unclear(self) -> bool:
        """Whether a number that pools shrink by is unknown: where jobs are scheduled, also how many are due."""
        return None in (self.waiting.value, self.running.value, self.due_jobs)

    @property
    def methods(self) -> dict[str, str]:
        """`status.methods` of the Queue, as far as one reading tells."""
        return {
            "waiting": self.waiting.method,
            "running": self.running.method,
            "scheduled": self.scheduled.method,
            "deadLetters": self.dead_letters.method,
        }
