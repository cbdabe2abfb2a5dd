"""One run: a trace through the plant under a law, or several pools under one each, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import ceil
from typing import Final

from headgate.simulation.crew import Crew
from headgate.simulation.laws import Law, Reading
from headgate.simulation.line import Line
from headgate.simulation.plant import Plant
from headgate.simulation.settings import Settings, Trouble, queue_names
from headgate.simulation.sizing import carry_out
from headgate.simulation.work import Trace

NO_TROUBLE: Final = Trouble()
MOST_SAMPLES: Final = 86_400
"""Of a day every second is kept, of a longer run fewer, so that its memory is bounded."""
UNREADABLE: Final = Reading(None, None)
EMPTY: Final = Reading(0, 0, firm=False)
"""What a broker says that has lost its memory; the failover is noticed by its other name."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A pool at one moment: jobs of its queues, pods that are there, those that are ready, and the number wanted."""

    time: float
    waiting: int
    running: int
    pods: int
    ready: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`waits` are sorted, in seconds; `queue_waits` are those of each queue's jobs. `pod_seconds` is the cost, `flips`
    are changes of direction per hour.
    """

    waits: tuple[float, ...]
    pod_seconds: float
    flips: float
    busy_victims: int
    jobs_cut: int
    samples: tuple[Sample, ...]
    queue_waits: tuple[tuple[float, ...], ...] = ()

    def wait(self, percentile: float) -> float:
        return percentile_of(self.waits, percentile)


def percentile_of(waits: Sequence[float], percentile: float) -> float:
    """The wait in seconds that `percentile` of 100 jobs do not exceed; 0 without jobs. `waits` are sorted."""
    return waits[min(ceil(len(waits) * percentile / 100), len(waits)) - 1] if waits else 0.0


@dataclass(frozen=True, slots=True)
class Member:
    """One of the pools that are played. `warm` replicas are ready when the run begins; None: the minimum."""

    settings: Settings
    law_of: Callable[[Settings], Law]
    warm: int | None = None


def run(
    trace: Trace,
    settings: Settings,
    law_of: Callable[[Settings], Law],
    trouble: Trouble = NO_TROUBLE,
    *,
    seed: int = 1,
    warm: int | None = None,
    ceiling: int | None = None,
) -> Outcome:
    """`warm` replicas are ready when the run begins; None: the minimum."""
    plant = Plant(trace.jobs, (settings,), seed, ceiling)
    (outcome,) = _played(plant, trace.duration, (Member(settings, law_of, warm),), trouble)
    return outcome


def run_together(trace: Trace, members: Sequence[Member], *, seed: int = 1, quota: int | None = None) -> list[Outcome]:
    """Of each pool. Those that name the same queue work it off together, and each tells of all waits in it; `quota` is
    the number of pods that the API server lets be.
    """
    pools = [member.settings for member in members]
    plant = Plant(trace.at_queues(queue_names(pools)).jobs, pools, seed, quota=quota)
    return _played(plant, trace.duration, members, NO_TROUBLE)


class _Seat:
    """A pool at its law's hands."""

    def __init__(self, crew: Crew, member: Member) -> None:
        self.crew, self.law = crew, member.law_of(member.settings)
        self.wanted = member.settings.min_replicas if member.warm is None else member.warm
        self.samples: list[Sample] = []
        self.numbers: list[int] = []
        self._look_at = 0.0
        crew.start(self.wanted, warm=True)

    def step(self, second: int, every: int, trouble: Trouble) -> None:
        if second >= self._look_at:
            readings = [_reading(self.crew.now, line, trouble) for line in self.crew.lines]
            self.wanted = self.law.replicas(self.crew, readings, self.wanted)
            self._look_at = second + self.law.period
        carry_out(self.crew, self.wanted, self.law, trouble)
        if not self.numbers or self.numbers[-1] != self.wanted:
            self.numbers.append(self.wanted)
        if second % every == 0:
            self.samples.append(_sample(self.crew, self.wanted))


def _played(plant: Plant, duration: float, members: Sequence[Member], trouble: Trouble) -> list[Outcome]:
    seats = [_Seat(crew, member) for crew, member in zip(plant.crews, members, strict=True)]
    every = ceil(duration / MOST_SAMPLES) or 1
    restart_at = trouble.restart_at
    for second in range(ceil(duration)):
        plant.advance(float(second))
        if restart_at is not None and second >= restart_at:
            for seat in seats:
                seat.law.restart()
            restart_at = None
        if trouble.rollout_at is not None and second == int(trouble.rollout_at):
            for seat in seats:
                seat.crew.revision += 1
        for seat in seats:
            seat.step(second, every, trouble)
    plant.advance(duration)
    plant.end()
    return [_outcome(seat, duration) for seat in seats]


def _outcome(seat: _Seat, duration: float) -> Outcome:
    queue_waits = tuple(tuple(sorted(line.waits)) for line in seat.crew.lines)
    toll = seat.crew.toll
    return Outcome(
        waits=tuple(sorted(chain(*queue_waits))),
        pod_seconds=toll.pod_seconds,
        flips=flips(seat.numbers) / duration * 3600,
        busy_victims=toll.busy_victims,
        jobs_cut=toll.jobs_cut,
        samples=tuple(seat.samples),
        queue_waits=queue_waits,
    )


def flips(numbers: list[int]) -> int:
    """How often a number that rose falls next, or the other way round."""
    steps = [after - before for before, after in pairwise(numbers) if after != before]
    return sum(before * after < 0 for before, after in pairwise(steps))


def _reading(now: float, line: Line, trouble: Trouble) -> Reading:
    if trouble.unreadable.holds(now):
        return UNREADABLE
    if trouble.reads_empty.holds(now):
        return EMPTY
    return Reading(len(line.waiting), line.running)


def _sample(crew: Crew, wanted: int) -> Sample:
    ready = sum(pod.ready and not pod.leaving for pod in crew.pods)
    waiting, running = sum(len(line.waiting) for line in crew.lines), sum(line.running for line in crew.lines)
    return Sample(crew.now, waiting, running, len(crew.pods), ready, wanted)
