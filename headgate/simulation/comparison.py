"""Several settings, or laws, on the same trace, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from headgate.simulation import oracle
from headgate.simulation.calendar import Calendar
from headgate.simulation.laws import Law
from headgate.simulation.run import Outcome, percentile_of, run
from headgate.simulation.settings import QueueSettings, Settings
from headgate.simulation.work import Trace
from headgate.tables import table

HEAD = ("SETTING", "TARGET", "P50", "P95", "P99", "MOST", "POD-HOURS", "OF BEST", "TURNS/H", "BUSY KILLED")
WAITS = (50, 95, 99, 100)


@dataclass(frozen=True, slots=True)
class Candidate:
    name: str
    settings: Settings
    law: Callable[[Settings], Law]


@dataclass(frozen=True, slots=True)
class Waited:
    """How the jobs of one queue waited, sorted."""

    queue: QueueSettings
    waits: tuple[float, ...]
    percentile: int

    @property
    def promised(self) -> float:
        """The wait that the target is about."""
        return percentile_of(self.waits, self.percentile)

    @property
    def keeps_target(self) -> bool:
        return self.queue.target is None or self.promised <= self.queue.target


@dataclass(frozen=True, slots=True)
class Result:
    """`best` are the pod-seconds of somebody who knows the future and keeps this candidate's targets."""

    candidate: Candidate
    outcome: Outcome
    best: float

    @property
    def queues(self) -> list[Waited]:
        own = self.candidate.settings
        return [
            Waited(queue, waits, own.percentile)
            for queue, waits in zip(own.queues, self.outcome.queue_waits, strict=True)
        ]

    @property
    def keeps_target(self) -> bool:
        return all(one.keeps_target for one in self.queues)

    @property
    def of_best(self) -> str:
        return f"{self.outcome.pod_seconds / self.best:.2f}x" if self.best else "-"


def compare(candidates: Sequence[Candidate], trace: Trace, seed: int) -> Iterator[Result]:
    """Each pool begins with as many replicas ready as what arrives in the first minutes keeps busy. Raises LoadError
    before anything is played.
    """
    loads = [trace.at_queues(one.settings.names) for one in candidates]
    return (_played(one, load, seed) for one, load in zip(candidates, loads, strict=True))


def as_text(results: Sequence[Result]) -> Iterator[str]:
    return table(HEAD, [row for result in results for row in _rows(result)])


def as_json(results: Sequence[Result]) -> list[Mapping[str, object]]:
    return [
        {
            "setting": result.candidate.name,
            "targetSeconds": _common_target(result),
            "waitSeconds": _wait_seconds(result.outcome.waits),
            "podHours": round(result.outcome.pod_seconds / 3600, 3),
            "bestPodHours": round(result.best / 3600, 3),
            "turnsPerHour": round(result.outcome.flips, 2),
            "busyPodsKilled": result.outcome.busy_victims,
            "keepsTarget": result.keeps_target,
            "queues": [
                {
                    "name": one.queue.name,
                    "targetSeconds": one.queue.target,
                    "waitSeconds": _wait_seconds(one.waits),
                    "keepsTarget": one.keeps_target,
                }
                for one in result.queues
            ],
        }
        for result in results
    ]


def _played(one: Candidate, trace: Trace, seed: int) -> Result:
    own = one.settings
    outcome = run(trace, own, one.law, seed=seed, warm=_ready_at_first(trace, own))
    return Result(one, outcome, oracle.pod_seconds(trace, own))


def _ready_at_first(trace: Trace, own: Settings, seconds: float = 300.0) -> int:
    """The pods for the slots that the jobs of the first minutes keep busy on average, within the pool's bounds."""
    busy = sum(job.seconds for job in trace.jobs if job.at < seconds) / seconds
    pods = round(busy / own.concurrency + 0.5) if busy else 0
    return min(max(pods, Calendar(own).lowest(0.0)), own.max_replicas)


def _rows(result: Result) -> Iterator[tuple[str, ...]]:
    """A pool of several queues has a row for all of its jobs, and one for those of each queue."""
    outcome = result.outcome
    yield (
        result.candidate.name,
        _target(result.queues[0]) if len(result.queues) == 1 else "",
        *_waits(outcome.waits),
        f"{outcome.pod_seconds / 3600:.1f}",
        result.of_best,
        f"{outcome.flips:.1f}",
        str(outcome.busy_victims),
    )
    if len(result.queues) > 1:
        for one in result.queues:
            yield f"  {one.queue.name}", _target(one), *_waits(one.waits), "", "", "", ""


def _target(one: Waited) -> str:
    return "-" if one.queue.target is None else f"{one.queue.target:g}s"


def _waits(waits: Sequence[float]) -> Iterator[str]:
    return (f"{percentile_of(waits, percent):.1f}s" for percent in WAITS)


def _wait_seconds(waits: Sequence[float]) -> Mapping[str, float]:
    return {f"p{percent}": round(percentile_of(waits, percent), 3) for percent in WAITS}


def _common_target(result: Result) -> float | None:
    """The target of all queues; None where there is none, or each has its own."""
    targets = {one.queue.target for one in result.queues}
    return targets.pop() if len(targets) == 1 else None
