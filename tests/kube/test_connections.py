"""A closed client leaves no socket behind, however rude its peer is."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certs.authority import KeyPair, issue_leaf, new_authority
from kube.client import Client
from kube.config import Connection
from kube.credentials import Fixed
from kube.errors import Unreachable
from kube.resources import PODS

HALF = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Mute:
    """A TLS server that answers each connection once, and then neither reads nor says goodbye."""

    def __init__(self, folder: Path, answer: bytes) -> None:
        now = datetime.now(UTC)
        authority = new_authority(now, timedelta(days=1))
        leaf = issue_leaf(authority, ["localhost"], now, timedelta(days=1))
        self.connection = self._reached(authority, folder, leaf)
        self._answer = answer
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _reached(self, authority: KeyPair, folder: Path, leaf: KeyPair) -> Connection:
        (folder / "leaf.pem").write_bytes(leaf.certificate + leaf.key)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(folder / "leaf.pem")
        self._listening = socket.create_server(("127.0.0.1", 0))
        trusting = ssl.create_default_context(cadata=authority.certificate.decode())
        return Connection(f"https://localhost:{self._listening.getsockname()[1]}", Fixed(), trusting)

    def _serve(self) -> None:
        while True:
            accepted, _ = self._listening.accept()
            if self._thread.name == "stopping":
                accepted.close()
                return
            held = self._tls.wrap_socket(accepted, server_side=True)
            self._held.append(held)
            held.recv(65536)
            held.sendall(self._answer)

    def stop(self) -> None:
        self._thread.name = "stopping"
        socket.create_connection(self._listening.getsockname()).close()
        self._thread.join()
        for held in (*self._held, self._listening):
            held.close()


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[Callable[[bytes], Connection]]:
    started: list[Mute] = []

    def start(answer: bytes) -> Connection:
        started.append(Mute(tmp_path, answer))
        return started[-1].connection

    yield start
    for one in started:
        one.stop()


async def answered(connection: Connection) -> None:
    async with Client(connection) as client:
        await client.get(PODS, "a", "media")


async def cut_short(connection: Connection) -> None:
    async with Client(connection, timeout=0.2) as client:
        with pytest.raises(Unreachable):
            await client.get(PODS, "a", "media")


async def left(connection: Connection) -> None:
    async with Client(connection) as client:
        asking = asyncio.create_task(client.get(PODS, "a", "media"))
        await asyncio.wait((asking,), timeout=0.2)
        asking.cancel()
        await asyncio.wait((asking,))


@pytest.mark.parametrize(
    ("answer", "story"),
    [
        pytest.param(WHOLE, answered, id="a kept connection"),
        pytest.param(HALF, cut_short, id="an answer that never ends"),
        pytest.param(HALF, left, id="a request that was cancelled"),
    ],
)
def test_no_socket_is_left_to_the_collector(
    mute: Callable[[bytes], Connection], answer: bytes, story: Callable[[Connection], Coroutine[Any, Any, None]]
) -> None:
    connection = mute(answer)
    with warnings.catch_warnings(record=True) as left_behind:
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run(story(connection))
        gc.collect()
    assert [str(one.message) for one in left_behind] == []
