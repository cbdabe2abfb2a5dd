"""A network between worker and Redis that loses answers, and delivers requests after their sender has given them up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum, auto
from urllib.parse import urlsplit


class Fate(Enum):
    """What becomes of one request and its connection."""

    DELIVER = auto()
    LOSE_REQUEST = auto()
    LOSE_ANSWER = auto()
    DELIVER_LATE = auto()
    """The sender is cut off now; Redis gets the request some time later, from a connection nobody listens to."""


class Proxy:
    """Decides the fate of each chunk a client sends. `late` is the seconds that late requests are late."""

    def __init__(self, redis_url: str, decide: Callable[[bytes], Fate], late: float = 0.05) -> None:
        parts = urlsplit(redis_url)
        self._target = (parts.hostname or "", parts.port or 0)
        self.decide, self.late = decide, late
        self.fates: dict[Fate, int] = dict.fromkeys(Fate, 0)
        self.url = ""
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_redis, to_redis = await asyncio.open_connection(*self._target)
        back = asyncio.create_task(_copy(from_redis, writer))
        try:
            while request := await reader.read(65536):
                fate = self.decide(request)
                self.fates[fate] += 1
                if fate is not Fate.DELIVER:
                    back.cancel()
                    writer.close()
                    await self._end(fate, request, from_redis, to_redis)
                    return
                to_redis.write(request)
        except OSError:
            return
        finally:
            back.cancel()
            to_redis.close()
            writer.close()

    async def _end(
        self, fate: Fate, request: bytes, from_redis: asyncio.StreamReader, to_redis: asyncio.StreamWriter
    ) -> None:
        if fate is Fate.LOSE_REQUEST:
            return
        if fate is Fate.DELIVER_LATE:
            await asyncio.sleep(self.late)
        to_redis.write(request)
        # Closing only after the answer makes sure that the request was carried out.
        await from_redis.read(1)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while answer := await reader.read(65536):
            writer.write(answer)
    except OSError:
        return


@asynccontextmanager
async def proxied(redis_url: str, decide: Callable[[bytes], Fate], late: float = 0.05) -> AsyncIterator[Proxy]:
    """A proxy in front of a Redis; its own URL is in `url`."""
    proxy = Proxy(redis_url, decide, late)
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await proxy.serve(reader, writer)
        finally:
            serving.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    try:
        yield proxy
    finally:
        server.close()
        for task in tuple(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
