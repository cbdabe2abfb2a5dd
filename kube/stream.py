"""A watch: one long answer, an event a line."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import aiohttp
import orjson

from kube.errors import ServerError, Silence, from_status
from kube.transport import Transport

SILENCE_SECONDS: Final = 90.0
"""The API server sends a bookmark every minute, but none for a kind of which nothing was written since it started: a
stream that is quiet for longer may be dead, however open its socket, and only asking again tells."""

MAX_LINE: Final = 16 * 1024 * 1024
_CHUNK: Final = 256 * 1024


class EventType(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"
    OPENED = "OPENED"
    """Not one of the API's: the server has accepted the watch, so up to now nothing is missing. It has no object."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a watch. A BOOKMARK's object carries nothing but metadata.resourceVersion."""

    type: EventType
    object: dict[str, Any]


async def watch(
    transport: Transport, path: str, params: Mapping[str, str], timeout_seconds: float
) -> AsyncGenerator[Event, None]:
    """OPENED, then events until the server ends the stream. Raises Gone for an expired version, Silence for none."""
    everything = {"watch": "true", "allowWatchBookmarks": "true", **params}
    timeout = aiohttp.ClientTimeout(total=timeout_seconds + SILENCE_SECONDS, sock_connect=10, sock_read=SILENCE_SECONDS)
    async with transport.stream("GET", path, everything, timeout) as response:
        yield Event(EventType.OPENED, {})
        try:
            async for line in lines(response.content):
                yield decode(line)
        except aiohttp.SocketTimeoutError as error:
            raise Silence(f"{path}: nothing was heard for {SILENCE_SECONDS:g} s") from error
        finally:
            _hang_up(response)


def _hang_up(response: aiohttp.ClientResponse) -> None:
    """Drop the connection of a watch that is left before its end: nobody waits for the goodbye of TLS."""
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()


def decode(line: bytes) -> Event:
    """The event of one line. An ERROR event is raised as the error it tells of."""
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ServerError(f"a watch event is no JSON: {line[:200]!r}") from error
    if event["type"] == "ERROR":
        raise from_status(int(event["object"].get("code") or 500), event["object"])
    return Event(EventType(event["type"]), event["object"])


async def lines(content: aiohttp.StreamReader, limit: int = MAX_LINE) -> AsyncIterator[bytes]:
    """Lines without their ends, across chunks. aiohttp's own reader refuses lines above 128 KiB."""
    rest = bytearray()
    async for chunk in content.iter_chunked(_CHUNK):
        rest += chunk
        while (end := rest.find(b"\n")) >= 0:
            line = bytes(rest[:end])
            del rest[: end + 1]
            if line:
                yield line
        if len(rest) > limit:
            raise ServerError(f"a watch event is larger than {limit} bytes")
    if rest:
        yield bytes(rest)
