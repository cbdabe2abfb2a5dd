"""Runs jobs and settles them: done, to be retried, or dead.

A run ends when the broker has acknowledged its result; until then it counts as running, so an outage delays the
proof of idleness instead of losing the result.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from . import jobs
from .backoff import Random, retry_delay
from .handlers import GiveUpError, Handler, Run
from .persist import until_answered
from .records import Counters
from .slots import Held, Slots
from .source import Clock, Source
from .spawning import Spawn

log = logging.getLogger("headgate.worker")


class Runner:
    def __init__(
        self,
        slots: Slots,
        handler: Handler,
        instance: str,
        spawn: Spawn,
        freed: Callable[[], None],
        clock: Clock,
        random: Random,
    ) -> None:
        self._slots, self._handler, self._instance = slots, handler, instance
        self._spawn, self._freed, self._clock, self._random = spawn, freed, clock, random
        self._begun: dict[Held, float] = {}
        self.counters = Counters()

    def busy_seconds(self) -> float:
        """Slot seconds spent running, runs under way included."""
        now = self._clock()
        return self.counters.busy_seconds + sum(now - begun for begun in self._begun.values())

    def counts_of(self, source: Source) -> dict[str, Any]:
        """What of the counters is about one queue."""
        now = self._clock()
        under_way = [now - begun for held, begun in self._begun.items() if held.source is source]
        return {"running": len(under_way), **source.counters.as_dict(source.counters.busy_seconds + sum(under_way))}

    def start_held(self) -> None:
        """Starts held jobs while slots are free."""
        while held := self._slots.start():
            self._spawn(self._run(held))

    def give_back_held(self, source: Source | None = None) -> None:
        """Gives back what is held and not started (of one source), the last to start first, so that queues keep
        their order.
        """
        back = self._slots.give_back(source)
        if back:
            self._spawn(self._return(back))

    async def _return(self, back: list[Held]) -> None:
        for held in back:
            what = f"giving back a job of {held.source.name}"
            await until_answered(what, partial(held.source.give_back, held.entry))
            self._slots.returned(held)
        self._freed()

    async def _run(self, held: Held) -> None:
        try:
            job = jobs.decode(held.entry.raw)
        except jobs.NotAJobError as error:
            await self._bury_garbage(held, str(error))
        else:
            await self._settle(held, job, await self._timed(held, job))
        self._slots.end(held)
        self._freed()

    async def _timed(self, held: Held, job: jobs.Job) -> BaseException | None:
        """Runs the handler once and counts it; the exception it ended with, if any."""
        self.counters.started += 1
        held.source.counters.started += 1
        if not job.attempts and not job.recovered:
            self._waited(held.source, job)
        begun = self._begun[held] = self._clock()
        error = await self._call(held, job)
        del self._begun[held]
        took = self._clock() - begun
        for counters in (self.counters, held.source.counters):
            counters.finished(took, failed=error is not None)
        return error

    def _waited(self, source: Source, job: jobs.Job) -> None:
        seconds = source.waited(job.body.get("enqueuedAt"))
        if seconds is not None:
            for counters in (self.counters, source.counters):
                counters.waited(seconds)

    async def _call(self, held: Held, job: jobs.Job) -> BaseException | None:
        run = Run(self._instance, held.source.queue.name, job.attempts + 1, held.source.broker)
        try:
            await self._handler(job.body, run)
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            # A handler that exits or cancels itself fails its job; only we end the worker.
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            return error
        return None

    async def _settle(self, held: Held, job: jobs.Job, error: BaseException | None) -> None:
        source, entry = held.source, held.entry
        if error is None:
            settle = partial(source.at_broker.finish, entry)
        else:
            text = f"{type(error).__name__}: {error}"
            job = jobs.failed(job, source.priority_of(entry))
            retry = source.queue.retry
            if isinstance(error, GiveUpError) or job.attempts > retry.max_retries:
                log.warning("job %.80r: dead after %d failed runs: %.200r", job.id, job.attempts, text)
                settle = partial(source.at_broker.bury, entry, jobs.dead(job, text, source.queue.queue_name))
            else:
                delay = retry_delay(retry, job.attempts, self._random)
                log.info("job %.80r: run %d failed, next in %.1f s: %.200r", job.id, job.attempts, delay, text)
                settle = partial(source.at_broker.retry, entry, jobs.encode(job), delay)
        if not await until_answered(f"result of job {job.id[:80]!r}", settle):
            log.warning("job %.80r: was given to another worker while this one had it", job.id)

    async def _bury_garbage(self, held: Held, why: str) -> None:
        source, entry = held.source, held.entry
        log.warning("queue %s: an entry of %d bytes is no job (%.100s): dead letter", source.name, len(entry.raw), why)
        letter = jobs.dead_garbage(entry.raw, f"no job: {why}", source.queue.queue_name)
        await until_answered(f"garbage in {source.name}", partial(source.at_broker.bury, entry, letter))
