"""How long a pool's pods take from their creation until they work, as far as this process has seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import Final

KEPT: Final = 20
"""So many of the latest starts count, so that a new image or a warm cache shows within a rollout."""
LONGEST_SECONDS: Final = 900.0
"""What took longer was not a start: the pod waited for a node, or became ready anew."""
PERCENT: Final = 90


@dataclass(slots=True)
class Startups:
    """Each pod counts once, by its uid: a worker that turns ready a second time has not started."""

    _seconds: dict[str, float] = field(default_factory=dict)

    def saw(self, starts: Iterable[tuple[str, float]]) -> None:
        for uid, seconds in starts:
            if uid not in self._seconds and 0 <= seconds <= LONGEST_SECONDS:
                self._seconds[uid] = seconds
        while len(self._seconds) > KEPT:
            del self._seconds[next(iter(self._seconds))]

    @property
    def measured(self) -> float | None:
        """The 90th percentile in seconds; None before the first start."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds.values())
        return ordered[ceil(len(ordered) * PERCENT / 100) - 1]
