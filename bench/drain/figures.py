"""From what a watch saw of pods and what the ledger says of their jobs to figures. Pure; seconds since the epoch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from examples.load.account import Account, once, percentile
from examples.load.ledger import Event, Kind

Interval = tuple[float, float]
SEEN_SECONDS = 0.05
"""How much later than it happened a delete may have been seen: a job that ended before is no job that was hit."""


@dataclass
class Life:
    """One pod, as the watch saw it: when it was asked to drain, when it was deleted, when it was gone."""

    name: str
    asked: float | None = None
    deleted: float | None = None
    gone: float | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """`latency` is from the end of the pod's last job, or from the request where that came later, to the pod's end."""

    pod: str
    latency: float
    busy: bool


def runs(events: Iterable[Event]) -> Mapping[str, list[Interval]]:
    """By pod, when its runs began and ended; one that never ended ends never."""
    started: dict[str, Event] = {}
    found: dict[str, list[Interval]] = {}
    for event in once(events):
        pod = event.instance.rpartition(".")[0]
        if event.kind is Kind.STARTED:
            started[event.run] = event
        elif event.kind in (Kind.DONE, Kind.FAILED) and (begun := started.pop(event.run, None)):
            found.setdefault(pod, []).append((begun.time, event.time))
    for begun in started.values():
        found.setdefault(begun.instance.rpartition(".")[0], []).append((begun.time, float("inf")))
    return found


def removals(lives: Iterable[Life], by_pod: Mapping[str, Sequence[Interval]]) -> list[Removal]:
    """Every pod that was deleted and is gone."""
    found = []
    for life in lives:
        if life.deleted is None or life.gone is None:
            continue
        # A StatefulSet starts another pod of the same name, whose jobs are not this one's.
        jobs = [(begin, end) for begin, end in by_pod.get(life.name, ()) if begin < life.gone]
        ended = max((end for _, end in jobs if end < float("inf")), default=0.0)
        asked = life.deleted if life.asked is None else life.asked
        busy = any(begin < life.deleted and end > life.deleted + SEEN_SECONDS for begin, end in jobs)
        found.append(Removal(life.name, max(0.0, life.gone - max(ended, asked)), busy))
    return found


def phases(
    began: Mapping[str, float], lives: Collection[Life], by_pod: Mapping[str, Sequence[Interval]]
) -> Iterator[tuple[str, list[Removal]]]:
    """The removals of each phase, given when each began, one after the other; and all of them."""
    ends = [*list(began.values())[1:], float("inf")]
    for (name, begin), end in zip(began.items(), ends, strict=True):
        yield name, removals((one for one in lives if one.deleted and begin <= one.deleted < end), by_pod)
    yield "all", removals(lives, by_pod)


def jobs(found: Account) -> str:
    """What became of them, in one line."""
    return (
        f"{len(found.done)} jobs done, {len(found.lost)} lost, {len(found.done_twice)} done twice,"
        f" {len(found.unended)} cut off"
    )


def as_promised(found: Account, everything: Sequence[Removal]) -> bool:
    """Whether no busy worker was hit, and every job was done once."""
    return not (any(one.busy for one in everything) or found.lost or found.done_twice or found.unended)


def line(name: str, found: Sequence[Removal]) -> str:
    """One row of the table."""
    latencies = sorted(one.latency for one in found)
    middle, high = (percentile(latencies, share) or 0.0 for share in (50, 95))
    busy = sum(one.busy for one in found)
    return f"{name:36}{len(found):>9}{busy:>14}{middle:>9.1f}{high:>9.1f}"


HEADER = f"{'':36}{'removals':>9}{'busy when hit':>14}{'p50 s':>9}{'p95 s':>9}"
