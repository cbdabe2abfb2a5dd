"""The Redis that tests get."""

from __future__ import annotations

import redis.asyncio


async def test_a_test_gets_an_empty_redis(redis_server: str) -> None:
    async with redis.asyncio.from_url(redis_server) as client:
        assert await client.dbsize() == 0
        await client.set("key", "value")
