"""What was last seen of each queue, in memory, so that pools can decide on it without asking the broker again.

Nothing here survives a restart, and nothing needs to: the first pass over a queue sees everything anew. A pool that
finds no sighting, or an old one, holds: unknown is not zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")
CALLS_SECONDS: Final = 60.0
"""As long as a pass may take: no pool has been called for longer without deciding."""


class QueueName(NamedTuple):
    """A Queue object's namespace and name."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Sighting(Generic[T]):
    """`value` as it was at `at`, in seconds of the monotonic clock. `calls` are the readings of the last minute that
    woke the pools, oldest first: when each was made, and when it had been due.
    """

    value: T
    at: float
    calls: tuple[tuple[float, float], ...] = ()

    def called_since(self, decided_at: float) -> float | None:
        """When the first reading had been due that was made after a decision and called for another; None for none."""
        return next((due for at, due in self.calls if at > decided_at), None)

    def age(self, now: float) -> float:
        return now - self.at


class Observations(Generic[T]):
    """One sighting a queue. `wake` is called with the queue whose pools should look again."""

    def __init__(self, monotonic: Callable[[], float], wake: Callable[[QueueName], None]) -> None:
        self._monotonic = monotonic
        self._wake = wake
        self._latest: dict[QueueName, Sighting[T]] = {}

    def record(self, queue: QueueName, value: T, *, wake: bool, due: float | None = None) -> Sighting[T]:
        """Remember what was seen now. `wake` True where something changed that pools decide on."""
        now = self._monotonic()
        before = self._latest.get(queue)
        calls = before.calls if before is not None else ()
        if wake:
            recent = (call for call in calls if now - call[0] < CALLS_SECONDS)
            calls = (*recent, (now, now if due is None else due))
        sighting = self._latest[queue] = Sighting(value, now, calls)
        if wake:
            self._wake(queue)
        return sighting

    def latest(self, queue: QueueName) -> Sighting[T] | None:
        return self._latest.get(queue)

    def forget(self, queue: QueueName) -> None:
        """The Queue is gone; its pools hear of it."""
        if self._latest.pop(queue, None) is not None:
            self._wake(queue)
