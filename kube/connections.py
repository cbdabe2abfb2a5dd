"""aiohttp's pool of connections, which here is closed only when every connection it ever made is.

aiohttp says goodbye to a TLS peer in the background, also after its pool was closed: a watch that was left, a request
that was cancelled, a keep-alive connection that grew old. Each would hold its socket for as long as the peer is silent
(up to 30 s), and a loop that ends before that leaves the socket to the garbage collector.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import aiohttp
from aiohttp.connector import Connection

FAREWELL_SECONDS: Final = 1.0


class Connector(aiohttp.TCPConnector):
    """A TCPConnector that owns its connections to their end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._alive: dict[asyncio.Future[None], asyncio.Transport] = {}

    async def connect(self, *arguments: Any, **named: Any) -> Connection:
        connection = await super().connect(*arguments, **named)
        ended = connection.protocol.closed if connection.protocol is not None else None
        if ended is not None and ended not in self._alive and connection.transport is not None:
            self._alive[ended] = connection.transport
            ended.add_done_callback(self._forget)
        return connection

    async def close(self, *, abort_ssl: bool = True) -> None:
        """Aborts whatever is still open, and waits until the sockets are closed."""
        await super().close(abort_ssl=abort_ssl)
        ending = list(self._alive)
        for transport in self._alive.values():
            transport.abort()
        if ending:
            await asyncio.wait(ending, timeout=FAREWELL_SECONDS)

    def _forget(self, ended: asyncio.Future[None]) -> None:
        self._alive.pop(ended, None)
        if not ended.cancelled():
            # Looked at, so that a connection the peer broke is not reported as an error nobody handled.
            ended.exception()
