"""How loops and runs are started: in the worker's one task group, so that a defect ends the process instead of a loop.

A process that ends is restarted and its jobs are given back; a process with one dead loop looks alive and isn't.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


async def end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancels tasks until they have ended.

    Once is not enough: `asyncio.wait_for` of Python 3.11, through which redis-py sends, can swallow a cancellation.
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=0.1)
