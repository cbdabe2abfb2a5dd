"""Fast up, slow down: a pool shrinks only to what it would have needed at every moment of a window.

Growth passes at once. A smaller number has to hold for a short window (two start-up times, 60 to 300 s) before the pool
comes within a tenth of it, and for 15 minutes before the pool reaches it, so that pods are not drained which the next
wave needs again: the last step is the one that noise takes back, and costs one pod to wait for. Where jobs are long the
load changes slowly, and both windows are as long as two jobs and three. To nothing a pool goes after two start-up times
with nothing to do: to start again costs one, so waiting longer for the next job costs more than it can save. The window
lives in memory; it is seeded with the current number at start and after any gap, which can only delay shrinking.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

LONG_SECONDS: Final = 900.0
LONGEST_SECONDS: Final = 3600.0
SHORTEST_SECONDS: Final = 60.0
LONGEST_SHORT_SECONDS: Final = 300.0
SHORTEST_IDLE_SECONDS: Final = 30.0
LONGEST_JOBS_SECONDS: Final = 2400.0
GAP_SECONDS: Final = 30.0
"""Samples further apart say nothing of the time between them, so the window starts again."""
DEAD_BAND: Final = 0.9
"""A pool that needs at least this part of what it has is left alone."""
CALM_BAND: Final = 1.1
"""A pool that needs at most this part of what it has is left alone too, where nobody has to wait for it."""


@dataclass(frozen=True, slots=True)
class Run:
    """The same number, wanted at every sample from `start` to `end` (seconds of any steady clock)."""

    start: float
    end: float
    replicas: int


@dataclass(frozen=True, slots=True)
class Window:
    """What was wanted during the last 15 minutes or longer, as runs of equal numbers, oldest first."""

    runs: tuple[Run, ...] = ()

    def add(self, now: float, replicas: int, kept: float = LONG_SECONDS) -> Window:
        """With what is wanted now; what is older than `kept` seconds is forgotten."""
        runs = tuple(run for run in self.runs if run.end >= now - kept)
        if runs and runs[-1].replicas == replicas:
            return Window((*runs[:-1], Run(runs[-1].start, now, replicas)))
        return Window((*runs, Run(now, now, replicas)))

    def covers(self, now: float) -> bool:
        return bool(self.runs) and now - self.runs[-1].end <= GAP_SECONDS

    def highest(self, now: float, seconds: float) -> int:
        return max((run.replicas for run in self.runs if run.end >= now - seconds), default=0)

    def since(self, time: float) -> tuple[int, ...]:
        """The numbers wanted after `time`."""
        return tuple(run.replicas for run in self.runs if run.end > time)


def seeded(now: float, current: int) -> Window:
    """The window of somebody who has just begun to look: all that is known is what is there."""
    return Window((Run(now, now, current),))


@dataclass(frozen=True, slots=True)
class Spans:
    """How long, in seconds, nothing has to be wanted before the pool is given up, and a smaller number has to hold
    before the pool comes near it, and before it reaches it.
    """

    idle: float
    short: float
    long: float


def spans(startup_seconds: float, service_seconds: float = 0.0) -> Spans:
    """The time to change one's mind, twice, or that of two jobs: long jobs make a load that changes slowly."""
    short = min(max(2 * startup_seconds, SHORTEST_SECONDS), LONGEST_SHORT_SECONDS)
    return Spans(
        idle=min(max(2 * startup_seconds, SHORTEST_IDLE_SECONDS), LONGEST_SHORT_SECONDS),
        short=max(short, min(2 * service_seconds, LONGEST_JOBS_SECONDS)),
        long=max(LONG_SECONDS, min(3 * service_seconds, LONGEST_SECONDS)),
    )


def dead_band(current: int, wanted: int, *, calm: bool = False) -> int:
    """`current` when `wanted` is smaller by at most a tenth, or in a calm pool larger by that or by one."""
    most = max(CALM_BAND * current, current + 1) if calm and current > 0 else current
    near = DEAD_BAND * current <= wanted < current or current < wanted <= most
    return current if near else wanted


def lately_fewer(window: Window, now: float, current: int) -> bool:
    """Whether clearly fewer were wanted at some moment of the last minute: a noisy load that does not need them all."""
    return any(replicas < DEAD_BAND * current for replicas in window.since(now - SHORTEST_SECONDS))


def damp(window: Window, now: float, current: int, wanted: int, over: Spans) -> tuple[int, Window]:
    """How many replicas to serve with now, and the window for the next time."""
    if not window.covers(now):
        window = seeded(now, current)
    window = window.add(now, wanted, over.long)
    if wanted >= current:
        return wanted, window
    if window.highest(now, over.idle) == 0:
        return 0, window
    fast = window.highest(now, over.short)
    slow = window.highest(now, over.long)
    return min(current, _descend(fast, slow)), window


def _descend(fast: int, slow: int) -> int:
    return max(fast, min(slow, max(fast + 1, ceil(fast * 11 / 10))))
