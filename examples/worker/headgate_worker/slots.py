"""What this process holds: jobs waiting for a free slot, and jobs being run. Does no I/O.

`max_in_flight` bounds both together, `concurrency` the running ones. Held jobs start in the order of their
queue's rank, then of their lane, then of arrival. A job is running until its end is acknowledged by the broker,
so "nothing running" also means "no result on the way".
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field

from .jobs import Entry
from .source import Source


@dataclass(frozen=True, order=True, slots=True)
class Held:
    """One job of this process. Ordered as held jobs start."""

    rank: tuple[int, int, int]
    source: Source = field(compare=False)
    entry: Entry = field(compare=False)


class Slots:
    def __init__(self, concurrency: int = 1, max_in_flight: int = 1) -> None:
        self.concurrency, self.max_in_flight = concurrency, max_in_flight
        self._held: list[Held] = []
        self._returning: dict[int, Held] = {}
        self._running: dict[int, Held] = {}
        self._numbers = itertools.count()

    @property
    def held(self) -> int:
        return len(self._held) + len(self._returning)

    @property
    def running(self) -> int:
        return len(self._running)

    def room(self, *, to_start: bool) -> int:
        """How many more jobs may be fetched; with `to_start` only as many as would start at once."""
        bound = self.concurrency if to_start else self.max_in_flight
        return max(0, bound - self.held - self.running)

    @property
    def overfull(self) -> bool:
        return self.held + self.running > self.max_in_flight

    def hold(self, source: Source, entry: Entry, rank: int) -> None:
        lanes = source.queue.priorities
        lane = source.priority_of(entry)
        order = (rank, lanes.index(lane) if lane in lanes else len(lanes), next(self._numbers))
        heapq.heappush(self._held, Held(order, source, entry))

    def start(self) -> Held | None:
        """The next held job, now running, if a slot is free."""
        if not self._held or self.running >= self.concurrency:
            return None
        held = heapq.heappop(self._held)
        self._running[held.rank[2]] = held
        return held

    def end(self, held: Held) -> None:
        del self._running[held.rank[2]]

    def give_back(self, source: Source | None = None) -> list[Held]:
        """The held jobs (of one source), last to start first; from now on only to be given back.

        An answer to that may get lost, so starting one of them here after all could run it twice.
        """
        back = sorted((job for job in self._held if source in (None, job.source)), reverse=True)
        self._held = [job for job in self._held if job not in back]
        heapq.heapify(self._held)
        self._returning.update({job.rank[2]: job for job in back})
        return back

    def returned(self, held: Held) -> None:
        del self._returning[held.rank[2]]

    def entries(self, source: Source) -> list[Entry]:
        """All jobs of this source that the process knows."""
        return [
            job.entry
            for job in (*self._held, *self._returning.values(), *self._running.values())
            if job.source is source
        ]
