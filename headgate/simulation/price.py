"""What a wait target costs: the same pool on the same load under one target after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from headgate.simulation.comparison import Candidate, Result
from headgate.simulation.pools import PoolError
from headgate.simulation.settings import Settings
from headgate.tables import table

HEAD = ("TARGET", "P95", "KEPT", "POD-HOURS", "OF BEST", "")
WIDTH = 40


def candidates(pool: Candidate, targets: Iterable[float], own: Collection[str]) -> dict[float, Candidate]:
    """The pool under each of the targets, shortest first; queues in `own` keep the one of their own.

    Raises PoolError where no queue would change.
    """
    if set(pool.settings.names) <= set(own):
        raise PoolError(f"{pool.name}: each of its queues has a waitTarget, so --targets would change none")
    return {
        target: Candidate(f"{target:g}s", _under(pool.settings, target, own), pool.law)
        for target in sorted(set(targets))
    }


def as_text(results: Mapping[float, Result]) -> Iterator[str]:
    """One row a target; the bar is as long as its pod-hours."""
    most = max(result.outcome.pod_seconds for result in results.values())
    return table(HEAD, [_row(result, most) for result in results.values()])


def as_json(results: Mapping[float, Result]) -> list[Mapping[str, object]]:
    return [
        {
            "targetSeconds": target,
            "p95Seconds": round(result.outcome.wait(95), 3),
            "podHours": round(result.outcome.pod_seconds / 3600, 3),
            "bestPodHours": round(result.best / 3600, 3),
            "keepsTarget": result.keeps_target,
        }
        for target, result in results.items()
    ]


def _under(settings: Settings, target: float, own: Collection[str]) -> Settings:
    queues = (queue if queue.name in own else replace(queue, target=target) for queue in settings.queues)
    return replace(settings, queues=tuple(queues))


def _row(result: Result, most: float) -> tuple[str, ...]:
    paid = result.outcome.pod_seconds
    return (
        result.candidate.name,
        f"{result.outcome.wait(95):.1f}s",
        "yes" if result.keeps_target else "no",
        f"{paid / 3600:.1f}",
        result.of_best,
        "#" * round(WIDTH * paid / most) if most else "",
    )
