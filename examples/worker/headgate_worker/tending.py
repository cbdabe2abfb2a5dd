"""What goes on around one source while it is in use, and how it leaves.

Its status record is written and dead instances' jobs are recovered from the moment it may begin. When the configuration
drops it, it takes nothing more, gives back what is held, lets its jobs end, and only then removes its record.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from random import random
from typing import Final

from .latch import Latch
from .outage import BROKER_ERRORS
from .persist import until_answered
from .publishing import Publisher, Self
from .recovery import Patience, Recovery
from .running import Runner
from .slots import Slots
from .source import Source
from .spawning import Spawn, end

log = logging.getLogger("headgate.worker")

LEAVING_POLL_SECONDS: Final = 0.2


class Tending:
    """`forget` is called with a source that has left."""

    def __init__(
        self,
        worker: Self,
        runner: Runner,
        slots: Slots,
        latch: Latch,
        patience: Patience,
        spawn: Spawn,
        forget: Callable[[Source], None],
    ) -> None:
        self._worker, self._runner, self._slots, self._latch = worker, runner, slots, latch
        self._patience, self._spawn, self._forget = patience, spawn, forget

    async def tend(self, source: Source) -> None:
        """Returns when the configuration has dropped the source and it has left."""
        await source.beginning()
        publisher = Publisher(source, self._worker, time.monotonic)
        recovery = Recovery(source, self._patience, lambda: not self._latch.closed, time.monotonic, random)
        loops = [self._spawn(publisher.run()), self._spawn(recovery.run())]
        await source.retired.wait()
        self._runner.give_back_held(source)
        while source.unsure or self._slots.entries(source):
            await source.freed.heard(within=LEAVING_POLL_SECONDS)
        await end(loops)
        await until_answered(f"leaving queue {source.name}", source.at_broker.leave)
        await source.broker.close()
        self._forget(source)
        source.left.set()
        log.info("queue %s: left", source.name)


async def farewell(source: Source, seconds: float) -> None:
    """Removes the record of a worker that ends, unless the broker is away or has jobs of it that others must find."""
    try:
        async with asyncio.timeout(seconds):
            if not await source.at_broker.leave():
                log.warning("queue %s: jobs in flight are left for others to recover", source.name)
    except BROKER_ERRORS as error:
        log.warning("queue %s: left without removing the record: %s", source.name, error)
    finally:
        await source.broker.close()
