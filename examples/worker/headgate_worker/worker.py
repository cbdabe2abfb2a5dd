"""One worker process: its parts put together, its state, and its life from the first record to the last.

`Running` until anyone asks for a drain; `Drained` while the latch is closed, nothing is fetched, held or run
here, and the broker of every queue jobs were taken from has agreed, in this closing of the latch, that nothing
is in flight; `Draining` in between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from random import random
from typing import Any, Final

from . import config as configuration
from .bell import Bell
from .config import Config, ConfigError
from .fetching import Fetcher
from .handlers import Handler
from .latch import Latch
from .records import Record, State
from .recovery import PATIENCE, Patience
from .running import Runner
from .settings import Settings
from .slots import Slots
from .source import Source
from .sources import Sources
from .spawning import end
from .tending import Tending, farewell
from .watching import follow_config, follow_drain_request

log = logging.getLogger("headgate.worker")

SIGTERM: Final = "SIGTERM"
# How long a worker with nothing to do waits for brokers that don't answer before it leaves all the same.
FAREWELL_SECONDS: Final = 5.0


class Worker:
    """Runs in one event loop; `terminate` may be called at any time from it."""

    def __init__(self, settings: Settings, handler: Handler, patience: Patience = PATIENCE) -> None:
        self.settings, self.instance = settings, settings.instance
        self._group: asyncio.TaskGroup
        self._bell, self._progress = Bell(), Bell()
        self.latch = Latch(self._changed)
        self._generation = ""
        self._why_refused = ""
        self._configured = self._answered = self._terminated = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.slots = Slots()
        self.sources = Sources(self.instance, time.monotonic, lambda source: self._spawn(self._tending.tend(source)))
        self.runner = Runner(
            self.slots, handler, self.instance, self._spawn, self._freed, clock=time.monotonic, random=random
        )
        self._fetcher = Fetcher(self.sources, self.slots, self.runner, self.latch, self._bell, random)
        self._tending = Tending(self, self.runner, self.slots, self.latch, patience, self._spawn, self.sources.forget)

    @property
    def ready(self) -> bool:
        """True for good once the configuration was read and a broker has answered: a busy worker never becomes
        unready.
        """
        self._answered = self._answered or any(source.published for source in self.sources.all())
        return self._configured and self._answered

    @property
    def state(self) -> State:
        if not self.latch.closed:
            return State.RUNNING
        epoch = self.idle_epoch()
        agreed = all(source.confirmed_epoch == epoch for source in self.sources.all() if source.touched)
        return State.DRAINED if epoch is not None and agreed else State.DRAINING

    def record(self) -> Record:
        return Record(
            instance=self.instance,
            pod=self.settings.pod,
            pod_uid=self.settings.pod_uid,
            state=self.state,
            fetching=self._fetcher.fetching,
            running=self.slots.running,
            held=self.slots.held,
            config_generation=self._generation,
            counters=self.runner.counters,
            busy_seconds=self.runner.busy_seconds(),
        )

    def counts_of(self, source: Source) -> Mapping[str, Any]:
        """What of the record's counts is about one queue."""
        return self.runner.counts_of(source)

    def idle_epoch(self) -> int | None:
        """The closing of the latch in which nothing is fetched, held or run here; None while it is open or
        something is.
        """
        busy = self._fetcher.fetching or self.slots.running or self.slots.held
        return self.latch.epoch if self.latch.closed and not busy else None

    def confirmed(self) -> None:
        """A broker agreed that nothing is in flight here, which may have been the last thing missing."""
        self.sources.announce()
        self._progress.ring()

    def look_again(self) -> None:
        self._bell.ring()

    def follow(self, text: str) -> bool:
        """Takes over a configuration; False, with the reason logged once, when it can't be followed."""
        try:
            self._follow(configuration.parse(text))
        except ConfigError as error:
            self._refused(str(error))
            return False
        return True

    def terminate(self) -> None:
        """What SIGTERM means: drain, then leave. A second one changes nothing."""
        self._terminated = True
        self.latch.request(SIGTERM, "leaving")
        self._progress.ring()

    async def run(self) -> None:
        """Works until terminated and idle; then every job is settled, or at a broker where others find it."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for loop in self._loops():
                self._spawn(loop)
            await self._finished()
            await end(tuple(self._tasks))
        await asyncio.gather(*(farewell(source, FAREWELL_SECONDS) for source in self.sources.all()))

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        loops = [self._fetcher.run(), follow_drain_request(Path(self.settings.drain_request), self.latch)]
        if self.settings.inline:
            self._follow(self.settings.inline)
        else:
            loops.append(follow_config(Path(self.settings.config), self.follow))
        return loops

    async def _finished(self) -> None:
        """Returns when the worker may leave: terminated, all runs acknowledged, and the brokers agree or stay
        silent.
        """
        while not self._terminated or self.slots.running:
            await self._progress.heard()
        deadline = time.monotonic() + FAREWELL_SECONDS
        while self.state is not State.DRAINED and time.monotonic() < deadline:
            await self._progress.heard(within=FAREWELL_SECONDS / 10)

    def _follow(self, config: Config) -> None:
        self.sources.follow(config)
        self.slots.concurrency, self.slots.max_in_flight = config.concurrency, config.max_in_flight
        self._generation, self._configured = config.generation, True
        names = ", ".join(queue.name for queue in config.queues)
        log.info("following configuration %s: concurrency %d, queues %s", config.generation, config.concurrency, names)
        self._freed()
        self.sources.announce()

    def _refused(self, why: str) -> None:
        if why != self._why_refused:
            log.error("configuration not followed: %s", why)
        self._why_refused = why

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _freed(self) -> None:
        """A job has ended or there is more room."""
        self._bell.ring()
        self._progress.ring()
        for source in self.sources.all():
            source.freed.ring()
        if self.latch.closed:
            self.sources.announce()

    def _changed(self) -> None:
        """The latch has closed or opened."""
        if self.latch.closed:
            log.info("drain asked for by %s", "; ".join(self.latch.reasons))
        else:
            log.info("drain over")
        self._bell.ring()
        self._progress.ring()
        self.sources.announce()
