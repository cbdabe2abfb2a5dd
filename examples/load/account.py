"""What became of every job of a run. Pure.

Each enqueued job is in exactly one of `done`, `dead`, `queued` and `lost`, in this order: a job that was done
and is also queued (its worker went away before it could say so) is done. `lost` is what can't be found
anywhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .ledger import Event, Kind, Ledger, Place


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job on one worker instance, begun at `time`."""

    job: str
    instance: str
    time: float


@dataclass(frozen=True, slots=True)
class Account:
    """Job ids by what became of them; `waits` are seconds from enqueueing to the first start, in order of size."""

    enqueued: frozenset[str]
    done: frozenset[str]
    dead: frozenset[str]
    queued: frozenset[str]
    lost: frozenset[str]
    done_twice: frozenset[str]
    strangers: frozenset[str]
    """Done or started without having been enqueued."""
    failed_runs: int
    unended: tuple[Run, ...]
    """Runs that neither succeeded nor failed: under way, or cut off with their worker."""
    waits: tuple[float, ...]
    seconds: float
    """From the first event to the last."""

    @property
    def settled(self) -> bool:
        return not self.queued and not self.unended

    def wait(self, percent: float) -> float | None:
        """The smallest wait that at least `percent` of the jobs didn't exceed (nearest rank)."""
        return percentile(self.waits, percent)


def account(ledger: Ledger) -> Account:
    """Accounts for every job."""
    events = tuple(once(ledger.events))
    enqueued = _jobs(events, Kind.ENQUEUED)
    finished = Counter(event.job for event in events if event.kind is Kind.DONE)
    done = frozenset(finished)
    dead = _at(ledger, Place.DEAD) - done
    queued = (_at(ledger, Place.WAITING, Place.SCHEDULED, Place.IN_FLIGHT) & enqueued) - done - dead
    times = [event.time for event in events]
    return Account(
        enqueued=enqueued,
        done=done & enqueued,
        dead=dead & enqueued,
        queued=queued,
        lost=enqueued - done - dead - queued,
        done_twice=frozenset(job for job, count in finished.items() if count > 1),
        strangers=(done | _jobs(events, Kind.STARTED)) - enqueued,
        failed_runs=sum(event.kind is Kind.FAILED for event in events),
        unended=unended(events),
        waits=tuple(sorted(waits(events).values())),
        seconds=max(times) - min(times) if times else 0.0,
    )


def once(events: Iterable[Event]) -> Iterator[Event]:
    """The events without repetitions: who gets no answer from the ledger writes the same event again."""
    seen: set[tuple[str, str, Kind]] = set()
    for event in events:
        key = (event.job, event.run, event.kind)
        if key not in seen:
            seen.add(key)
            yield event


def unended(events: Iterable[Event]) -> tuple[Run, ...]:
    """Runs that were started and neither done nor failed."""
    found: dict[str, Run] = {}
    for event in events:
        if event.kind is Kind.STARTED:
            found[event.run] = Run(event.job, event.instance, event.time)
        elif event.kind in (Kind.DONE, Kind.FAILED):
            found.pop(event.run, None)
    return tuple(found.values())


def waits(events: Iterable[Event]) -> Mapping[str, float]:
    """Seconds from enqueueing to the first start, of each job that was started."""
    since: dict[str, float] = {}
    waited: dict[str, float] = {}
    for event in events:
        if event.kind is Kind.ENQUEUED:
            since.setdefault(event.job, event.time)
        elif event.kind is Kind.STARTED and event.job in since and event.job not in waited:
            waited[event.job] = max(0.0, event.time - since[event.job])
    return waited


def percentile(ordered: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile of values in order of size; None of none."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def _jobs(events: Iterable[Event], kind: Kind) -> frozenset[str]:
    return frozenset(event.job for event in events if event.kind is kind)


def _at(ledger: Ledger, *places: Place) -> frozenset[str]:
    return frozenset(job for place in places for job in ledger.places.get(place, ()))
