"""One run: a trace through the plant under a law, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import ceil
from typing import Final

from headgate.simulation.laws import Law, Reading
from headgate.simulation.line import Line, Pod
from headgate.simulation.plant import Plant
from headgate.simulation.settings import Settings, Trouble
from headgate.simulation.work import Trace

NO_TROUBLE: Final = Trouble()
UNREADABLE: Final = Reading(None, None)
EMPTY: Final = Reading(0, 0, firm=False)
"""What a broker says that has lost its memory; the failover is noticed by its other name."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The plant at one moment: jobs, pods that are there, those that are ready, and the number wanted."""

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
    law = law_of(settings)
    plant = Plant(trace.jobs, settings, seed, ceiling)
    wanted = settings.min_replicas if warm is None else warm
    plant.start(wanted, warm=True)
    samples: list[Sample] = []
    look_at, restart_at = 0.0, trouble.restart_at
    for second in range(ceil(trace.duration)):
        plant.advance(float(second))
        if restart_at is not None and second >= restart_at:
            law.restart()
            restart_at = None
        if trouble.rollout_at is not None and second == int(trouble.rollout_at):
            plant.revision += 1
        if second >= look_at:
            wanted = law.replicas(plant, [_reading(plant, line, trouble) for line in plant.lines], wanted)
            look_at = second + law.period
        _carry_out(plant, wanted, law, trouble)
        samples.append(_sample(plant, wanted))
    plant.advance(trace.duration)
    plant.end()
    queue_waits = tuple(tuple(sorted(line.waits)) for line in plant.lines)
    return Outcome(
        waits=tuple(sorted(chain(*queue_waits))),
        pod_seconds=plant.toll.pod_seconds,
        flips=flips([sample.wanted for sample in samples]) / trace.duration * 3600,
        busy_victims=plant.toll.busy_victims,
        jobs_cut=plant.toll.jobs_cut,
        samples=tuple(samples),
        queue_waits=queue_waits,
    )


def flips(numbers: list[int]) -> int:
    """How often a number that rose falls next, or the other way round."""
    steps = [after - before for before, after in pairwise(numbers) if after != before]
    return sum(before * after < 0 for before, after in pairwise(steps))


def _reading(plant: Plant, line: Line, trouble: Trouble) -> Reading:
    if trouble.unreadable.holds(plant.now):
        return UNREADABLE
    if trouble.reads_empty.holds(plant.now):
        return EMPTY
    return Reading(len(line.waiting), line.running)


def _carry_out(plant: Plant, wanted: int, law: Law, trouble: Trouble) -> None:
    """Removes and starts pods. The new revision gets what room the surge leaves it, and an old pod goes for each of its
    pods that is ready.
    """
    serving = plant.serving
    old = [pod for pod in serving if pod.revision != plant.revision]
    new = [pod for pod in serving if pod.revision == plant.revision]
    if not old:
        _size(plant, new, wanted, law)
        return
    most = wanted + ceil(trouble.surge * wanted)
    keep = max(0, wanted - sum(pod.ready for pod in new))
    _remove(plant, old, len(old) - keep, law)
    _size(plant, new, min(wanted, max(len(new), most - len(plant.pods) + len(new))), law)


def _size(plant: Plant, serving: list[Pod], wanted: int, law: Law) -> None:
    if len(serving) > wanted:
        _remove(plant, serving, len(serving) - wanted, law)
        return
    missing = wanted - len(serving)
    if law.drains and missing:
        returning = [pod for pod in plant.pods if pod.leaving and pod.revision == plant.revision][:missing]
        for pod in returning:
            plant.resume(pod)
        missing -= len(returning)
    plant.start(missing)


def _remove(plant: Plant, pods: list[Pod], number: int, law: Law) -> None:
    if number <= 0:
        return
    if law.drains:
        for pod in sorted(pods, key=lambda pod: (len(pod.jobs), pod.ready, -pod.created))[:number]:
            plant.drain(pod)
    else:
        for pod in sorted(pods, key=lambda pod: (pod.ready, -pod.created))[:number]:
            plant.kill(pod)


def _sample(plant: Plant, wanted: int) -> Sample:
    ready = sum(pod.ready and not pod.leaving for pod in plant.pods)
    return Sample(plant.now, plant.waiting, plant.running, len(plant.pods), ready, wanted)
