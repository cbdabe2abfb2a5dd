"""Receiving a request body: bounded in size, and in how many large ones are held at once.

What comes in the first message is in memory already (the server reads 64 KiB ahead), and reviews of ours are a few KiB,
so most bodies are whole then. Only one that goes on needs a place at the gate: four of the largest are 28 MiB.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Receive

from webhooks.review import MAX_BODY

MAX_LARGE: Final = 4


class Disconnected(Exception):  # noqa: N818 - nothing went wrong here
    """The caller left before its request was whole."""


class TooLargeError(Exception):
    """More bytes than a body may have."""


def gate(places: int = MAX_LARGE) -> asyncio.Semaphore:
    """Places for bodies that are larger than one message."""
    return asyncio.Semaphore(places)


class Body:
    """The body of one request; `beginning` is its first message, kept to find out whose request it is."""

    __slots__ = ("_most", "_receive", "beginning")

    def __init__(self, receive: Receive, most: int = MAX_BODY) -> None:
        self._receive = receive
        self._most = most
        self.beginning = b""

    async def read(self, large: asyncio.Semaphore) -> bytes:
        """The whole body. Raises TooLargeError as soon as that is known, and Disconnected."""
        self.beginning, more = await self._next()
        if not more:
            return self.beginning
        async with large:
            chunks, size = [self.beginning], len(self.beginning)
            while more:
                chunk, more = await self._next()
                chunks.append(chunk)
                size += len(chunk)
                if size > self._most:
                    raise TooLargeError
            return b"".join(chunks)

    async def _next(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        return message.get("body", b""), message.get("more_body", False)
