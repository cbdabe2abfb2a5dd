"""Several settings, or laws, on the same trace, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from headgate.simulation import oracle
from headgate.simulation.laws import Law
from headgate.simulation.run import Outcome, run
from headgate.simulation.settings import Settings
from headgate.simulation.work import Trace
from headgate.tables import table

HEAD = ("SETTING", "TARGET", "P50", "P95", "P99", "MOST", "POD-HOURS", "OF BEST", "TURNS/H", "BUSY KILLED")


@dataclass(frozen=True, slots=True)
class Candidate:
    name: str
    settings: Settings
    law: Callable[[Settings], Law]


@dataclass(frozen=True, slots=True)
class Result:
    """`best` are the pod-seconds of somebody who knows the future and keeps this candidate's target."""

    candidate: Candidate
    outcome: Outcome
    best: float

    @property
    def keeps_target(self) -> bool:
        target = self.candidate.settings.target
        return target is None or self.outcome.wait(self.candidate.settings.percentile) <= target


def compare(candidates: Sequence[Candidate], trace: Trace, seed: int) -> Iterator[Result]:
    """Each pool begins with as many replicas ready as what arrives in the first minutes keeps busy."""
    warm = _busy_at_first(trace)
    for one in candidates:
        own = one.settings
        replicas = min(max(round(warm / own.concurrency + 0.5), own.min_replicas), own.max_replicas)
        outcome = run(trace, own, one.law, seed=seed, warm=replicas if warm else own.min_replicas)
        yield Result(one, outcome, oracle.pod_seconds(trace, own))


def as_text(results: Sequence[Result]) -> Iterator[str]:
    return table(HEAD, [_row(result) for result in results])


def as_json(results: Sequence[Result]) -> list[Mapping[str, object]]:
    return [
        {
            "setting": result.candidate.name,
            "targetSeconds": result.candidate.settings.target,
            "waitSeconds": {f"p{percent}": round(result.outcome.wait(percent), 3) for percent in (50, 95, 99, 100)},
            "podHours": round(result.outcome.pod_seconds / 3600, 3),
            "bestPodHours": round(result.best / 3600, 3),
            "turnsPerHour": round(result.outcome.flips, 2),
            "busyPodsKilled": result.outcome.busy_victims,
            "keepsTarget": result.keeps_target,
        }
        for result in results
    ]


def _row(result: Result) -> tuple[str, ...]:
    outcome, target = result.outcome, result.candidate.settings.target
    return (
        result.candidate.name,
        "-" if target is None else f"{target:g}s",
        *(f"{outcome.wait(percent):.1f}s" for percent in (50, 95, 99, 100)),
        f"{outcome.pod_seconds / 3600:.1f}",
        f"{outcome.pod_seconds / result.best:.2f}x" if result.best else "-",
        f"{outcome.flips:.1f}",
        str(outcome.busy_victims),
    )


def _busy_at_first(trace: Trace, seconds: float = 300.0) -> float:
    """The slots that the jobs of the first minutes keep busy on average."""
    return sum(service for arrived, service in trace.jobs if arrived < seconds) / seconds
