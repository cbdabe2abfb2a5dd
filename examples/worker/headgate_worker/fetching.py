"""The fetch loop: the only one that takes jobs.

It takes only while the latch is open and there is room, strictest queue first or in turns by weight. One task does
takes and comparisons with the broker in turn, so they can't disagree about what this process holds.

Waiting for work is not taking: an idle worker sleeps in commands that move nothing, so closing the latch never
has to cancel a fetch that may just have been answered.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from .backoff import Random
from .bell import Bell
from .jobs import Entry
from .latch import Latch
from .running import Runner
from .slots import Slots
from .source import Source
from .sources import Sources
from .turns import turns
from .waiting import Waiting

log = logging.getLogger("headgate.worker")

IDLE_SECONDS: Final = 1.0
# One job wakes every idle worker, and all but one in vain. Each sleeps the longer the more often in a row that
# happened, so that a thousand idle workers cost the broker at most a few thousand small scripts a second.
FIRST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 0.5


class Fetcher:
    def __init__(
        self, sources: Sources, slots: Slots, runner: Runner, latch: Latch, bell: Bell, random: Random
    ) -> None:
        self._sources, self._slots, self._runner, self._latch = sources, slots, runner, latch
        self._bell, self._random = bell, random
        self._waiting = Waiting(self._woken)
        self._taking = self._woke = False
        self._vain = 0

    @property
    def fetching(self) -> int:
        """1 while a take is under way or the outcome of one is not known."""
        return int(self._taking or any(source.unsure for source in self._sources.all()))

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            while True:
                await self._step()
        finally:
            self._waiting.stop()

    async def _step(self) -> None:
        await self._settle_doubts()
        if self._latch.closed:
            self._runner.give_back_held()
            await self._bell.heard(within=0.1 if self.fetching else None)
        elif self._slots.room(to_start=False) == 0:
            await self._bell.heard(within=IDLE_SECONDS if self.fetching else None)
        elif await self._sweep():
            self._vain = 0
        else:
            await self._idle()

    async def _settle_doubts(self) -> None:
        """Takes up jobs that are ours at the broker but came with an answer that got lost."""
        for source in self._sources.all():
            if source.unsure and not source.fenced():
                source.announce.ring()
            elif source.unsure and not source.resting():
                found = await source.unknown(self._slots.entries(source)) or []
                if found:
                    log.info("queue %s: %d jobs of an interrupted fetch are here", source.name, len(found))
                self._hold(source, found)
                if self._slots.overfull:
                    # Other queues have filled the room meanwhile.
                    self._runner.give_back_held(source)

    async def _sweep(self) -> int:
        """One take from each source there is room for, in their order; the number of jobs got."""
        got = 0
        for source in turns(self._sources.live(), self._random):
            room = self._slots.room(to_start=source.queue.rate_limit is not None)
            if self._latch.closed:
                break
            if room and source.ready():
                got += await self._take(source, room)
        return got

    async def _take(self, source: Source, room: int) -> int:
        self._taking = True
        taken = await source.take(room)
        self._taking = False
        if taken is None:
            return 0
        if not taken.open:
            self._sources.announce()
        self._hold(source, taken.entries)
        return len(taken.entries)

    def _hold(self, source: Source, entries: Iterable[Entry]) -> None:
        rank = self._sources.rank(source)
        for entry in entries:
            self._slots.hold(source, entry, rank)
        if not self._latch.closed:
            self._runner.start_held()

    def _woken(self) -> None:
        self._woke = True
        self._bell.ring()

    async def _idle(self) -> None:
        """Sleeps until there may be something to take."""
        if self._woke:
            self._woke = False
            self._vain = min(self._vain + 1, 10)
            await self._bell.heard(within=self._pause())
        sleep = IDLE_SECONDS
        for source in self._sources.live():
            if source.ready():
                self._waiting.begin(source)
            sleep = min(sleep, source.ready_in() or IDLE_SECONDS)
        await self._bell.heard(within=sleep)

    def _pause(self) -> float:
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**self._vain) * (0.5 + self._random() / 2)
