"""Writes the status record of one source: once a second, and at once when it is announced that the state changed.

The write also counts, in the same script, what the broker has in flight for this instance. That count is the proof of
idleness: `Drained` is only said after a write found nothing, made while the process itself knew of nothing either.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

from .outage import BROKER_ERRORS, Outage
from .records import Record
from .source import Clock, Source

log = logging.getLogger("headgate.worker")

EVERY_SECONDS: Final = 1.0


class Self(Protocol):
    """What a publisher asks the worker."""

    def record(self) -> Record: ...

    def counts_of(self, source: Source) -> Mapping[str, Any]:
        """What of the record's counts is about one queue."""

    def idle_epoch(self) -> int | None:
        """The latch's epoch while it is closed and nothing is fetched, held or run here; else None."""

    def confirmed(self) -> None: ...

    def look_again(self) -> None: ...


class Publisher:
    def __init__(self, source: Source, worker: Self, clock: Clock) -> None:
        self._source, self._worker, self._clock = source, worker, clock
        self._seq = 0
        self._outage = Outage(f"status record of {source.name} at {source.broker.address}")

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self._publish()
            await self._source.announce.heard(within=EVERY_SECONDS)

    async def _publish(self) -> None:
        source, epoch = self._source, self._worker.idle_epoch()
        self._seq += 1
        own = {"queue": self._worker.counts_of(source), "seq": self._seq}
        record = {**self._worker.record().as_dict(), **source.marks(), **own}
        try:
            recorded = await source.at_broker.record(record)
        except BROKER_ERRORS as error:
            self._outage.failed(error)
            source.heard_since = None
            return
        self._outage.over()
        source.told_time(recorded.time)
        if source.heard_since is None:
            source.heard_since = self._clock()
        if recorded.written:
            was_open = source.open()
            source.published = {**record, "time": recorded.time}
            if source.open() and not was_open:
                self._worker.look_again()
        if epoch is not None:
            self._judge(epoch, recorded.in_flight)

    def _judge(self, epoch: int, in_flight: int) -> None:
        """Idle by our own account: agreed when the broker has nothing either, else there is a job we don't know."""
        if in_flight:
            log.warning("queue %s: %d jobs in flight here that this worker doesn't know", self._source.name, in_flight)
            self._source.unsure = True
            self._worker.look_again()
        elif self._source.confirmed_epoch != epoch:
            self._source.confirmed_epoch = epoch
            self._worker.confirmed()
