"""How fast jobs come and go, and how long they take and wait: what a few numbers remembered of every reading tell.

All counts are cumulative and only grow, so every rate is the difference of two of them over the time between, and a
reading that is missed costs nothing. Times during which nothing could be counted are left out of the denominators:
unknown is not zero. What workers have not told yet makes an arrival count come out negative for a moment; such a debt
is settled by what they tell next, and forgotten after 5 s and what the broker's counters lag by, when it was not them
(somebody emptied the queue).

A queue at rest costs no memory: of the marks between which nothing happened the first and the last stay, and what was
counted at a moment between them lies on the line.

The length of a job is Little's: time spent running over runs ended, over at least 5 minutes and 50 runs, at most 30
minutes. Where lengths vary more than exponential ones do, a mean takes more runs to be known to 3 percent. The mean of
finished runs alone would be too short as long as the first long ones still run.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from math import isclose
from operator import attrgetter
from typing import Final, NamedTuple

from reconciler.plans.waits import Counts, Waited, weighted

SHORT_SECONDS: Final = 20.0
MIDDLE_SECONDS: Final = 60.0
LONG_SECONDS: Final = 120.0
KNOWN_SECONDS: Final = 8.0
"""A rate over less time than this, four readings, is no rate."""
STEP_SECONDS: Final = 1.9
"""Recent marks are at least so far apart, so that a fast poll costs no memory."""
COARSE_SECONDS: Final = 60.0
SERVICE_SECONDS: Final = (300.0, 1800.0)
SERVICE_RUNS: Final = (50, 5)
"""Runs that a service time is worked out from: if they are to be had within the longest time, and the fewest."""
UNEVEN_RUNS: Final = 1000
"""So many runs more for each unit by which the squared variation of their lengths is above 1."""
DEBT_SECONDS: Final = 5.0
WAIT_PERCENT: Final = 95

_at = attrgetter("at")
_arrived = attrgetter("arrived")
_happened = attrgetter("arrived", "completed", "started", "busy", "runs", "lengths", "squares", "age")
_ROUNDING: Final = 1e-6


class Mark(NamedTuple):
    """The counts at one moment, in seconds of any steady clock. `counted` is the time during which arrivals were
    known, `ended` that of completions. `age` is that of the oldest waiting job, None when unknown.
    """

    at: float
    arrived: int = 0
    counted: float = 0.0
    completed: int = 0
    ended: float = 0.0
    started: int = 0
    busy: float = 0.0
    runs: int = 0
    lengths: float = 0.0
    squares: float = 0.0
    age: float | None = None


class Step(NamedTuple):
    """What happened since the mark before; None is unknown. `waits` are what workers counted of jobs they began;
    `waiting` jobs wait now, and stand in for the `age` of the oldest where that is not told. Completions may be told
    `lag` seconds later than what waits and runs.
    """

    arrived: int | None = None
    completed: int | None = None
    started: int | None = None
    busy: float = 0.0
    runs: int = 0
    lengths: float = 0.0
    squares: float = 0.0
    age: float | None = None
    waiting: int | None = None
    waits: Counts | None = None
    lag: float = 0.0


@dataclass(frozen=True, slots=True)
class Service:
    """How long a job takes, its squared coefficient of variation (None when nobody tells), from how many runs."""

    seconds: float
    cv2: float | None
    runs: int


@dataclass(frozen=True, slots=True)
class Flow:
    """`recent` are the marks of the last two minutes, `past` those of the last half hour, a minute apart."""

    now: Mark
    recent: tuple[Mark, ...] = ()
    past: tuple[Mark, ...] = ()
    debt: int = 0
    indebted_at: float = 0.0
    waited: Waited | None = None

    def stepped(self, at: float, step: Step) -> Flow:
        """The flow after another reading."""
        arrived, debt = _settled(self, at, step)
        last, seconds = self.now, at - self.now.at
        mark = Mark(
            at=at,
            arrived=last.arrived + arrived,
            counted=last.counted + (seconds if step.arrived is not None else 0.0),
            completed=last.completed + max(0, step.completed or 0),
            ended=last.ended + (seconds if step.completed is not None else 0.0),
            started=last.started + max(0, step.started or 0),
            busy=last.busy + step.busy,
            runs=last.runs + step.runs,
            lengths=last.lengths + step.lengths,
            squares=last.squares + step.squares,
            age=step.age if step.age is not None else self._age(at, last.arrived + arrived, step.waiting),
        )
        since = self.indebted_at if debt and self.debt else at
        waited = (self.waited or Waited()).stepped(at, step.waits) if step.waits is not None else None
        return Flow(mark, *_remembered(self, mark), debt, since, waited)

    @property
    def watched(self) -> float:
        """Seconds since the oldest reading that is remembered."""
        oldest = next(iter((*self.past[:1], *self.recent[:1])), self.now)
        return self.now.at - oldest.at

    def arrivals(self, seconds: float) -> float | None:
        """Jobs that came in per second, over the last `seconds`; None while unknown."""
        start = self._start(seconds)
        known = self.now.counted - start.counted
        return (self.now.arrived - start.arrived) / known if known >= min(KNOWN_SECONDS, seconds) else None

    def completions(self, seconds: float) -> float | None:
        """Jobs that ended per second, over the last `seconds`; None while unknown."""
        start = self._start(seconds)
        known = self.now.ended - start.ended
        return (self.now.completed - start.completed) / known if known >= min(KNOWN_SECONDS, seconds) else None

    def service(self) -> Service | None:
        """None with fewer than 5 runs in half an hour."""
        shortest, longest = SERVICE_SECONDS
        enough, fewest = SERVICE_RUNS
        marks = [mark for mark in (*self.past, *self.recent) if self.now.at - mark.at <= longest]
        start = self.now
        for mark in reversed(marks):
            start = mark
            if self.now.at - mark.at >= shortest and self.now.completed - mark.completed >= enough:
                uneven = max(0.0, (self._cv2_since(mark) or 0.0) - 1)
                if self.now.completed - mark.completed >= uneven * UNEVEN_RUNS:
                    break
        completed, busy = self.now.completed - start.completed, self.now.busy - start.busy
        if completed < fewest or busy <= 0:
            return None
        return Service(busy / completed, self._cv2_since(start), completed)

    @property
    def counts_waits(self) -> bool:
        """Whether `wait` is what workers have counted, and no estimate."""
        return self.waited is not None

    def wait(self, percent: int = WAIT_PERCENT) -> float | None:
        """How long `percent` of 100 jobs that started in the last two minutes waited at most; None where none started.

        As workers have counted it; else judged by the age of the oldest waiting job at each reading, None where
        ages are unknown.
        """
        if self.waited is not None:
            return self.waited.percentile(percent)
        return _percentile(self.waits(), percent)

    def waits(self) -> list[tuple[float, int]]:
        """How long, in seconds, how many of the jobs waited that `wait` is about; none where that is unknown."""
        if self.waited is not None:
            return weighted(self.waited.total)
        if not self.recent or self.recent[0].started == self.now.started:
            return []
        marks = (*self.recent, self.now)
        waits: list[tuple[float, int]] = []
        for before, after in pairwise(marks):
            started = after.started - before.started
            if started == 0 or self.now.at - before.at > LONG_SECONDS:
                continue
            if before.age is None or after.age is None:
                return []
            waits.append((max(before.age, after.age), started))
        return waits

    def _age(self, at: float, arrived: int, waiting: int | None) -> float | None:
        """How long ago the oldest waiting job came, where jobs start in the order in which they came: when as many had
        arrived as have by now, without those that wait. It is never more than the age before and the time since, which
        it is where that is longer ago than is remembered. None where nothing tells.
        """
        if waiting is None or self.now.counted <= 0:
            return None
        if waiting == 0:
            return 0.0
        most = None if self.now.age is None else self.now.age + at - self.now.at
        marks = (*self.past, *self.recent, self.now)
        found = bisect_right(marks, arrived - waiting, key=_arrived)
        if not found:
            return most
        age = at - marks[found - 1].at
        return age if most is None else min(age, most)

    def _cv2_since(self, mark: Mark) -> float | None:
        now = self.now
        return _cv2(now.runs - mark.runs, now.lengths - mark.lengths, now.squares - mark.squares)

    def _start(self, seconds: float) -> Mark:
        """The youngest mark that is at least `seconds` old, or the oldest; where nothing happened, one made for it."""
        wanted = self.now.at - seconds
        found = bisect_right(self.recent, wanted, key=_at)
        if not found:
            return self.recent[0] if self.recent else self.now
        before, after = (*self.recent, self.now)[found - 1 : found + 1]
        return _between(before, after, wanted) if _happened(before) == _happened(after) else before


def of_runs(runs: int, lengths: float, squares: float) -> Service | None:
    """The service that finished runs tell of, where nothing better is known; None with fewer than 5 of them."""
    cv2 = _cv2(runs, lengths, squares)
    return Service(lengths / runs, cv2, runs) if cv2 is not None else None


def begun(at: float, age: float | None = None) -> Flow:
    """The flow of somebody who has just begun to look."""
    return Flow(Mark(at, age=age))


def _settled(flow: Flow, at: float, step: Step) -> tuple[int, int]:
    """The arrivals to count now, and the debt that is left."""
    if step.arrived is None:
        return 0, 0
    owed = flow.debt if at - flow.indebted_at <= DEBT_SECONDS + step.lag else 0
    total = step.arrived + owed
    return max(0, total), min(0, total)


def _remembered(flow: Flow, mark: Mark) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """The recent and past marks beside `mark` as the present one; the one before it stays where it is far enough from
    its neighbours.
    """
    recent, past = flow.recent, flow.past
    if not recent or flow.now.at - recent[-1].at >= STEP_SECONDS:
        kept = recent[:-1] if len(recent) > 1 and _idle(recent[-2], recent[-1], flow.now) else recent
        recent = (*kept, flow.now)
    # One mark older than the window stays: the window begins at it.
    while len(recent) > 1 and mark.at - recent[1].at >= LONG_SECONDS:
        if not past or recent[0].at - past[-1].at >= COARSE_SECONDS:
            past = (*past, recent[0])
        recent = recent[1:]
    while past and mark.at - past[0].at > SERVICE_SECONDS[1]:
        past = past[1:]
    return recent, past


def _idle(before: Mark, mark: Mark, after: Mark) -> bool:
    """Whether a mark tells nothing that its neighbours do not."""
    if not _happened(before) == _happened(mark) == _happened(after):
        return False
    known = _between(before, after, mark.at)
    return isclose(known.counted, mark.counted, abs_tol=_ROUNDING) and isclose(
        known.ended, mark.ended, abs_tol=_ROUNDING
    )


def _between(before: Mark, after: Mark, at: float) -> Mark:
    """The mark at a moment between two others, when nothing happened."""
    part = (at - before.at) / (after.at - before.at)
    return before._replace(
        at=at,
        counted=before.counted + part * (after.counted - before.counted),
        ended=before.ended + part * (after.ended - before.ended),
    )


def _cv2(runs: int, lengths: float, squares: float) -> float | None:
    if runs < SERVICE_RUNS[1] or lengths <= 0:
        return None
    return max(0.0, runs * squares / lengths**2 - 1)


def _percentile(weighted: list[tuple[float, int]], percent: int) -> float | None:
    total = sum(weight for _, weight in weighted)
    passed = 0
    for value, weight in sorted(weighted):
        passed += weight
        if passed * 100 >= total * percent:
            return value
    return None
