"""The HTTP side of the contract's section 6: `/status`, `/drain`, `/ready`.

A few dozen lines of HTTP/1.1, one request a connection, so that the image needs no web framework. Everything a
client sends is bounded in size and time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

log = logging.getLogger("headgate.worker")

MAX_HEADER_BYTES: Final = 8192
MAX_BODY_BYTES: Final = 4096
REQUEST_SECONDS: Final = 5.0

Answer = tuple[HTTPStatus, Any]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: bytes


Handle = Callable[[Request], Awaitable[Answer]]


class BadRequestError(Exception):
    """The client's bytes are no request we read; carries the status to answer with."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


async def listen(port: int, handle: Handle) -> asyncio.Server:
    """Serves until closed; raises OSError when the port is taken."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await _serve(reader, writer, handle)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            log.debug("admin request: %s", error)
        finally:
            writer.close()

    return await asyncio.start_server(serve, None, port, limit=MAX_HEADER_BYTES)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle) -> None:
    try:
        status, content = await handle(await _read(reader))
    except BadRequestError as bad:
        status, content = bad.status, {"error": str(bad)}
    body = json.dumps(content).encode() + b"\n"
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Request:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError:
        raise BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    line, *headers = head.split("\r\n")
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequestError(HTTPStatus.BAD_REQUEST)
    body = await reader.readexactly(_length(headers))
    return Request(parts[0], parts[1].partition("?")[0], body)


def _length(headers: list[str]) -> int:
    for header in headers:
        name, _, value = header.partition(":")
        if name.strip().lower() == "content-length":
            if not value.strip().isdigit():
                raise BadRequestError(HTTPStatus.BAD_REQUEST)
            if int(value) > MAX_BODY_BYTES:
                raise BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return int(value)
    return 0
