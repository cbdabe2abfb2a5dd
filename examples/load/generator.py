"""Sends a run's jobs when its pattern says so, and measures its own lateness: a generator that falls behind
would make the workers look better than they are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from redis.exceptions import RedisError

log = logging.getLogger("headgate.load")

Enqueue = Callable[[Sequence[Mapping[str, Any]]], Awaitable[int]]
Sleep = Callable[[float], Awaitable[None]]

TICK_SECONDS: Final = 0.01
BATCH: Final = 500
RETRY_SECONDS: Final = 0.5


async def send(
    enqueue: Enqueue,
    jobs: Iterable[Mapping[str, Any]],
    times: Sequence[float],
    *,
    clock: Callable[[], float],
    sleep: Sleep = asyncio.sleep,
) -> list[float]:
    """Sends job i at `times[i]` seconds from now; the seconds each was late. Open loop: nothing waits for workers."""
    begun = clock()
    waiting = list(zip(times, jobs, strict=False))
    late: list[float] = []
    at = 0
    while at < len(waiting):
        now = clock() - begun
        due = [job for time, job in waiting[at : at + BATCH] if time <= now]
        if not due:
            await sleep(max(TICK_SECONDS, waiting[at][0] - now))
            continue
        await _until_sent(enqueue, due, sleep)
        sent = clock() - begun
        late += [sent - time for time, _ in waiting[at : at + len(due)]]
        at += len(due)
    return late


async def _until_sent(enqueue: Enqueue, jobs: Sequence[Mapping[str, Any]], sleep: Sleep) -> None:
    """Repeats until answered; enqueueing twice is harmless, see enqueue.lua."""
    while True:
        try:
            await enqueue(jobs)
        except (RedisError, OSError) as error:
            log.warning("enqueueing: %s; again in %.1f s", error, RETRY_SECONDS)
            await sleep(RETRY_SECONDS)
        else:
            return
