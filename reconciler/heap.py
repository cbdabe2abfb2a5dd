"""When the garbage collector looks through a process that holds the watched world and reads its queues every second.

A reading lives until the next, which is longer than the collector takes an object for young. Left alone it would look
through the whole heap every few seconds, and everything waits meanwhile: most of a second with 1,000 pools. What it
finds are the few cycles of tasks that failed, so it is enough to look through everything now and then.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Final

YOUNG: Final = (10_000, 5, 1_000_000)
"""Young objects are looked through as ever, in some milliseconds; old ones never by themselves."""
EVERY_SECONDS: Final = 600.0


async def keep(seconds: float = EVERY_SECONDS, collect: Callable[[], object] = gc.collect) -> None:
    """Runs until it is cancelled."""
    gc.set_threshold(*YOUNG)
    while True:
        await asyncio.sleep(seconds)
        collect()
