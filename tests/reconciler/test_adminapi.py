"""What workers answer over HTTP, and everything else that may come back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from reconciler import adminapi
from reconciler.adminapi import MOST_BYTES, AdminAPI, AdminAPIError
from reconciler.brokers.records import State

RECORD: dict[str, Any] = {
    "instance": "w-1.00000001",
    "pod": "w-1",
    "podUID": "uid-1",
    "time": None,
    "state": "Drained",
    "fetching": 0,
    "running": 0,
    "started": 3,
    "completed": 3,
}


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def serving(reply: bytes | None) -> AsyncIterator[tuple[AdminAPI, str, list[str]]]:
    """A client, the address of a server that always answers so (None: never), and the requests it got."""
    asked: list[str] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[0])
        if reply is None:
            await reader.read()
        else:
            writer.write(reply)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    api = AdminAPI(local=True)
    try:
        yield api, api.base_of("127.0.0.1", server.sockets[0].getsockname()[1], "/"), asked
    finally:
        await api.close()
        server.close()
        for writer in writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def test_a_record_is_read_asked_for_and_taken_back() -> None:
    async with serving(answer(json.dumps(RECORD).encode())) as (api, base, asked):
        assert (await api.status(base)).state is State.DRAINED
        assert (await api.drain(base, "ScaleDown")).pod_uid == "uid-1"
        await api.release(base)
    assert asked == ["GET /status HTTP/1.1", "POST /drain HTTP/1.1", "DELETE /drain HTTP/1.1"]


ELSE = [
    pytest.param(answer(b"", "302 Found", "Location: http://169.254.169.254/"), id="a redirect is not followed"),
    pytest.param(answer(json.dumps(RECORD).encode(), "503 Service Unavailable"), id="an error with a record"),
    pytest.param(answer(b'{"pad": "' + b"x" * MOST_BYTES + b'"}'), id="more than a record can be"),
    pytest.param(answer(b"<html>"), id="no JSON"),
    pytest.param(answer(b"[]"), id="no object"),
    pytest.param(answer(json.dumps({**RECORD, "running": -1}).encode()), id="no count"),
    pytest.param(b"garbage\r\n\r\n", id="no HTTP"),
    pytest.param(b"", id="a connection that is closed"),
    pytest.param(None, id="no answer at all"),
]


@pytest.mark.parametrize("reply", ELSE)
async def test_everything_else_is_no_answer(reply: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adminapi, "SECONDS", 0.5)
    async with serving(reply) as (api, base, asked):
        with pytest.raises(AdminAPIError):
            await api.status(base)
    assert set(asked) == {"GET /status HTTP/1.1"}, "nobody else is asked, and nothing else"


ADDRESSES: list[Any] = [
    pytest.param("10.0.0.7", "/", "http://10.0.0.7:8079/", id="a pod"),
    pytest.param("fd00::7", "/admin", "http://[fd00::7]:8079/admin/", id="with a path, and IPv6"),
    pytest.param("127.0.0.1", "/", "", id="the operator's own pod"),
    pytest.param("169.254.169.254", "/", "", id="the cloud's metadata"),
    pytest.param("evil.example.com", "/", "", id="a name"),
    pytest.param("", "/", "", id="a pod without an address"),
]


@pytest.mark.parametrize(("address", "path", "want"), ADDRESSES)
def test_who_is_asked(address: str, path: str, want: str) -> None:
    assert AdminAPI().base_of(address, 8079, path) == want
