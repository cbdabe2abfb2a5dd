"""When the garbage collector looks through a process that holds the watched world and reads its queues every second,
and when what is free goes back to the machine.

A reading lives until the next, which is longer than the collector takes an object for young. Left alone it would look
through the whole heap every few seconds, and everything waits meanwhile: most of a second with 1,000 pools. What it
finds are the few cycles of tasks that failed, so it is enough to look through everything now and then.

The C library keeps what is freed, in pieces between what lives. After a start with 800 pools that is 9 MiB, and giving
it back takes 2 ms.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Callable
from typing import Final

YOUNG: Final = (50_000, 1_000_000, 1_000_000)
"""Young objects are looked through when so many more were made than freed; old ones never by themselves.

The last readings of all queues are young at any time, some 75,000 objects with 3,000 whose workers live, so a look
takes a fifth of a second however little there is to free. A first number of 10,000 makes it many looks, one of 300,000
a few of which each is so long that what waits meanwhile takes seconds to work off. What mostly waits to be freed is
what kopf makes of each event.
"""
EVERY_SECONDS: Final = 30.0
"""How often what is free is given back."""
COLLECTED_EVERY: Final = 20
"""At every which of these times the whole heap is looked through: every ten minutes."""


def give_back() -> None:
    """Does nothing where the C library is not glibc."""
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


async def keep(
    seconds: float = EVERY_SECONDS,
    collect: Callable[[], object] = gc.collect,
    release: Callable[[], object] = give_back,
    rounds: int = COLLECTED_EVERY,
    settle: Callable[[], object] = gc.freeze,
) -> None:
    """Runs until it is cancelled.

    What lives when everything has been looked through for the first time is never looked at again: with 3,000 pools
    that takes 2.4 s. What of it becomes unreachable in a cycle stays, and that is no more than lived at one moment.
    """
    gc.set_threshold(*YOUNG)
    await _look(seconds, rounds, release, collect)
    settle()
    while True:
        await _look(seconds, rounds, release, collect)


async def _look(seconds: float, rounds: int, release: Callable[[], object], collect: Callable[[], object]) -> None:
    for _ in range(rounds):
        await asyncio.sleep(seconds)
        release()
    collect()
