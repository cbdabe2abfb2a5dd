"""What was last seen of each queue, in memory, so that pools can decide on it without asking the broker again.

Nothing here survives a restart, and nothing needs to: the first pass over a queue sees everything anew. A pool that
finds no sighting, or an old one, holds: unknown is not zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class QueueName(NamedTuple):
    """A Queue object's namespace and name."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Sighting(Generic[T]):
    """`value` as it was at `at`, in seconds of the monotonic clock; the reading had been due at `due`, and `woke` the
    pools or changed nothing for them.
    """

    value: T
    at: float
    due: float = 0.0
    woke: bool = False

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
        sighting = Sighting(value, now, now if due is None else due, wake)
        self._latest[queue] = sighting
        if wake:
            self._wake(queue)
        return sighting

    def latest(self, queue: QueueName) -> Sighting[T] | None:
        return self._latest.get(queue)

    def forget(self, queue: QueueName) -> None:
        """The Queue is gone; its pools hear of it."""
        if self._latest.pop(queue, None) is not None:
            self._wake(queue)
