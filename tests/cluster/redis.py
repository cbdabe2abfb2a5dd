"""A redis-server of one's own, on a free port, without persistence. Needs no root."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import binaries, debian
from tests.cluster.state import State


@dataclass(slots=True)
class Redis:
    """One server, which can be stopped and started again on the same port, empty."""

    state: State
    address: str
    port: int
    password: str

    @property
    def url(self) -> str:
        """`redis://[:password@]address:port/0`."""
        credentials = f":{self.password}@" if self.password else ""
        return f"redis://{credentials}{self.address}:{self.port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.state.start(self._name, _command(self))
        self.state.wait(f"redis-server on {self.address}:{self.port}", [self._name], self._answers, 10)

    def stop(self) -> None:
        """End the server; its keys are gone."""
        self.state.stop(self._name)

    @property
    def _name(self) -> str:
        return f"redis-{self.port}"

    def _answers(self) -> str | None:
        try:
            with socket.create_connection((self.address, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                answer = connection.recv(100)
        except OSError as error:
            return str(error)
        return None if answer.startswith((b"+PONG", b"-NOAUTH")) else repr(answer)


def start(state: State, address: str = "127.0.0.1", password: str = "", port: int | None = None) -> Redis:
    """Start a server in a cluster's state folder, to end with it."""
    server = Redis(state, address, port or _free_port(address), password)
    server.start()
    return server


@contextmanager
def running(state: State, password: str = "") -> Iterator[Redis]:
    """A server for the length of the block."""
    server = start(state, password=password)
    try:
        yield server
    finally:
        server.stop()


def make_password() -> str:
    return secrets.token_urlsafe(16)


def _command(server: Redis) -> list[str | Path]:
    command: list[str | Path] = [
        binaries.installed("redis-server", debian.REDIS),
        "--bind", server.address,
        "--port", str(server.port),
        "--save", "",
        "--appendonly", "no",
        "--dir", server.state.path,
    ]  # fmt: skip
    # Off loopback, Redis refuses clients without a password unless told that this is meant.
    return [*command, *(("--requirepass", server.password) if server.password else ("--protected-mode", "no"))]


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port
