"""Plays everybody who is in a lineup, and says how it went: as text, as JSON and as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from crds import duration
from headgate.simulation import comparison, plot, price
from headgate.simulation.comparison import Result
from headgate.simulation.laws import Headgate
from headgate.simulation.lineup import Lineup
from headgate.simulation.work import Trace


def _nobody(_: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Played:
    """`load` is what the user calls it."""

    trace: Trace
    load: str
    results: Sequence[Result]
    prices: Mapping[float, Result]
    unplayed: Sequence[str]

    @property
    def keeps_targets(self) -> bool:
        """Whether every setting does; peers, and targets that are only priced, do not count."""
        return all(one.keeps_target for one in self.results if one.candidate.law is Headgate)


def played(lineup: Lineup, trace: Trace, load: str, seed: int, watch: Callable[[str], None] = _nobody) -> Played:
    """`watch` is told who is played next. Raises LoadError where the load is not one for these pools."""
    everybody = [*lineup.candidates, *lineup.prices.values()]
    runs = comparison.compare(everybody, trace, seed)
    results = []
    for number, candidate in enumerate(everybody, start=1):
        watch(f"playing {candidate.name}, {number} of {len(everybody)}")
        results.append(next(runs))
    own = len(lineup.candidates)
    prices = dict(zip(lineup.prices, results[own:], strict=True))
    return Played(trace, load, results[:own], prices, lineup.unplayed)


def as_text(told: Played) -> Iterator[str]:
    yield f"{len(told.trace.jobs)} jobs in {duration.text(told.trace.duration)} by {told.load}"
    yield from comparison.as_text(told.results)
    yield from _missed(told.results)
    if told.prices:
        yield ""
        yield from price.as_text(told.prices)
    yield from told.unplayed


def as_json(told: Played) -> str:
    found: dict[str, object] = {
        "jobs": len(told.trace.jobs),
        "results": comparison.as_json(told.results),
        "unplayed": list(told.unplayed),
    }
    if told.prices:
        found["prices"] = price.as_json(told.prices)
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()


def drawn(told: Played) -> str:
    """The results in SVG."""
    runs = {one.candidate.name: plot.Played(one.outcome, one.candidate.settings) for one in told.results}
    return plot.svg(runs, f"{len(told.trace.jobs)} jobs by {told.load}")


def _missed(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        for one in result.queues:
            if not one.keeps_target:
                of_queue = f", {one.queue.name}" if len(result.queues) > 1 else ""
                waited = f"p{one.percentile} {one.promised:.1f}s is over the target of {one.queue.target:g}s"
                yield f"{result.candidate.name}{of_queue}: {waited}"
