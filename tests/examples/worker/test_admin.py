"""The HTTP side against clients that don't keep to HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from headgate_worker import admin, demo
from headgate_worker.routes import Routes
from headgate_worker.worker import Worker

from tests.examples.worker.building import settings

REQUESTS = {
    "ready, before anything was read": (b"GET /ready HTTP/1.1\r\n\r\n", 503, b'{"ready": false}'),
    "status": (b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n", 200, b'"state": "Running"'),
    "status with a query": (b"GET /status?x=1 HTTP/1.0\r\n\r\n", 200, b'"time": null'),
    "drain without a body": (b"POST /drain HTTP/1.1\r\n\r\n", 200, b'"state": "Dr'),
    "a reason": (b'POST /drain HTTP/1.1\r\nContent-Length: 15\r\n\r\n{"reason": "x"}', 200, b'"state": "Dr'),
    "no JSON": (b"POST /drain HTTP/1.1\r\ncontent-length: 3\r\n\r\n{x}", 400, b"the body must be"),
    "a deep body": (b"POST /drain HTTP/1.1\r\nContent-Length: 4000\r\n\r\n" + b"[" * 4000, 400, b"the body must be"),
    "no object": (b"POST /drain HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]", 400, b"the body must be"),
    "a reason that is no text": (b'POST /drain HTTP/1.1\r\nContent-Length: 13\r\n\r\n{"reason": 1}', 400, b"the body"),
    "a wrong method": (b"PUT /drain HTTP/1.1\r\n\r\n", 405, b"PUT is not for /drain"),
    "another page": (b"GET / HTTP/1.1\r\n\r\n", 404, b"there are /status"),
    "no HTTP": (b"\x16\x03\x01 hello\r\n\r\n", 400, b"Bad Request"),
    "a huge body": (b"POST /drain HTTP/1.1\r\nContent-Length: 999999\r\n\r\n", 413, b"Too Large"),
    "a length that is none": (b"POST /drain HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, b"Bad Request"),
    "endless headers": (b"GET /status HTTP/1.1\r\n" + b"x: y\r\n" * 5000, 431, b"Too Large"),
}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    worker = Worker(settings(), demo.handle)
    async with await admin.listen(0, Routes(worker).handle) as server:
        yield next(end.getsockname()[1] for end in server.sockets if end.family is socket.AF_INET)


@pytest.mark.parametrize(("request_bytes", "status", "want"), REQUESTS.values(), ids=REQUESTS)
async def test_every_request_is_answered(port: int, request_bytes: bytes, status: int, want: bytes) -> None:
    answer = await _ask(port, request_bytes)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert want in answer


async def test_a_client_that_says_nothing_is_left_in_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "REQUEST_SECONDS", 0.1)
    assert await _ask(port, b"GET /sta") == b""


async def test_clients_that_hang_up_do_no_harm(port: int) -> None:
    for part in (b"", b"GET", b"POST /drain HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(part)
        writer.close()
        await writer.wait_closed()
    assert (await _ask(port, b"GET /status HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200")


async def _ask(port: int, request_bytes: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_bytes)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
