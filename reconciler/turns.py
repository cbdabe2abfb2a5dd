"""When what can wait is written: each key in its own turn, and not more turns in a second than were agreed. Pure.

Where thousands of queues move at once, each of them written as soon as it may be is a hundred writes a second, and all
those that began together come back together. While the API server works that off, decisions wait for it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
A_SECOND: Final = 20
"""What a controller of Kubernetes asks of its API server when nobody has told it otherwise (controller-runtime too)."""
LATE_SECONDS: Final = 10.0
"""A turn that was not taken for so long is over: what had changed is as before."""


class Turns(Generic[K]):
    """All times are seconds of one monotonic clock, passed in. A turn stays its key's until the key is dropped."""

    def __init__(self, a_second: int = A_SECOND) -> None:
        self._a_second = a_second
        self._turns: dict[K, float] = {}
        self._given: dict[int, int] = {}

    def of(self, key: K, earliest: float, now: float) -> float:
        """When to come for its turn, which is not before `earliest`. Only who comes then takes a place in the line: by
        then all may be as it was.
        """
        if now < earliest:
            return earliest
        turn = self._turns.get(key)
        if turn is None or turn < now - LATE_SECONDS:
            turn = self._turns[key] = self._free(now)
        return turn

    def drop(self, key: K) -> None:
        """It was written, or will not be."""
        self._turns.pop(key, None)

    def _free(self, now: float) -> float:
        second = int(now)
        while (given := self._given.get(second, 0)) >= self._a_second:
            second += 1
        if not given:
            self._tidy(now)
        self._given[second] = given + 1
        return max(now, second + given / self._a_second)

    def _tidy(self, now: float) -> None:
        """Forgets the seconds that are over, and the turns that nobody has taken."""
        self._given = {second: count for second, count in self._given.items() if second >= int(now)}
        self._turns = {key: turn for key, turn in self._turns.items() if turn >= now - LATE_SECONDS}
