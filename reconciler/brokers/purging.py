"""Deleting the jobs of a queue of our own layouts, when its Queue is deleted and its spec says so."""

from __future__ import annotations

from redis.exceptions import ResponseError

from reconciler.brokers import refusals
from reconciler.brokers.redis_queue import Asks, RedisQueue


async def purge(link: Asks, queue: RedisQueue) -> None:
    """What waits and what is scheduled; keys are unlinked, so that a long list does not hold the broker up. What a
    worker has in flight is its own.
    """
    keys = (*queue.lanes, queue.scheduled)
    for key, reply in zip(keys, await link.ask(*(("UNLINK", key) for key in keys)), strict=True):
        if isinstance(reply, ResponseError):
            raise refusals.of_reply(reply, f"UNLINK {key}", link.endpoint)
