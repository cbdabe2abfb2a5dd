"""Gives back the jobs of instances that have stopped writing their status record (at least once).

An instance is dead 30 s after its last record, by the broker's clock. When a broker returns from an outage
every record is old, so nobody is judged before this worker has been heard there for ten seconds itself: by then
the living have written.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from . import jobs
from .backoff import Random
from .layout import Move, QueueAtBroker
from .outage import BROKER_ERRORS
from .source import Clock, Source

log = logging.getLogger("headgate.worker")

BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Patience:
    """How long recovery waits, in seconds.

    A record older than `dead` is a dead instance's, as the contract says. Nobody is judged before this worker was heard
    for `heard`, which the living need to come back after an outage. `every` is the time between looks.
    """

    dead: float = 30.0
    heard: float = 10.0
    every: float = 5.0


PATIENCE: Final = Patience()


class Recovery:
    """`allowed` says whether this worker is at work: a drained one changes nothing at the broker any more."""

    def __init__(
        self, source: Source, patience: Patience, allowed: Callable[[], bool], clock: Clock, random: Random
    ) -> None:
        self._source, self._patience, self._allowed = source, patience, allowed
        self._clock, self._random = clock, random

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(self._patience.every * (0.5 + self._random() / 2))
            heard = self._source.heard_since
            if self._allowed() and heard is not None and self._clock() - heard >= self._patience.heard:
                try:
                    await self.look()
                except BROKER_ERRORS as error:
                    # The publisher reports the outage; the jobs stay where they are until the next look.
                    log.debug("recovery of %s: %s", self._source.name, error)

    async def look(self) -> int:
        """Recovers what is to be recovered now; the number of jobs moved."""
        moved = 0
        # Others may look again after the lease, so it is shorter than our own pauses.
        for instance, record in await self._source.at_broker.stale(self._patience.dead, self._patience.every / 2):
            moved += await self._recover(instance, _in_flight(record))
        return moved

    async def _recover(self, instance: str, in_flight: str) -> int:
        source = self._source
        theirs = QueueAtBroker(source.broker, source.queue, instance, in_flight)
        moved = 0
        while True:
            entries = await theirs.entries(BATCH)
            now_moved, left = await theirs.recover(
                self._patience.dead, [self._move(entry, instance) for entry in entries]
            )
            moved += now_moved
            if not left or not now_moved:
                break
        log.info("queue %s: gave back %d jobs of %s, which fell silent", source.name, moved, instance)
        return moved

    def _move(self, entry: jobs.Entry, instance: str) -> Move:
        queue = self._source.queue.queue_name
        try:
            job = jobs.decode(entry.raw)
        except jobs.NotAJobError as error:
            return Move(entry, jobs.dead_garbage(entry.raw, f"no job: {error}", queue), bury=True)
        job = jobs.lost(job, self._source.priority_of(entry))
        if job.recovered > jobs.MAX_RECOVERIES:
            text = f"lost its worker {job.recovered} times, the last one {instance}"
            return Move(entry, jobs.dead(job, text, queue), bury=True)
        return Move(entry, jobs.encode(job), bury=False)


def _in_flight(record: bytes) -> str:
    """Where the record says its instance's jobs are; '' for the configured place."""
    try:
        data = json.loads(record)
    except (ValueError, RecursionError):
        return ""
    place = data.get("inFlight") if isinstance(data, dict) else None
    return place if isinstance(place, str) else ""
