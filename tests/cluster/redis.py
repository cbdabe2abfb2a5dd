"""A redis-server of one's own, on a free port, without persistence. Needs no root."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster import binaries, debian, waiting
from tests.cluster.cluster import Cluster
from tests.cluster.ports import free_port
from tests.cluster.state import State

SERVICE_PORT: Final = 6379


@dataclass(slots=True)
class Redis:
    """One server, which can be stopped and started again on the same port, empty. `settings` are more of its own."""

    state: State
    address: str
    port: int
    password: str
    settings: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """`redis://[:password@]address:port/0`, for this machine."""
        return self.url_at(self.address, self.port)

    def url_at(self, host: str, port: int) -> str:
        credentials = f":{self.password}@" if self.password else ""
        return f"redis://{credentials}{host}:{port}/0"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.state.start(self._name, _command(self))
        self.state.wait(f"redis-server on {self.address}:{self.port}", [self._name], self._answers, 10)

    def stop(self) -> None:
        """End the server; its keys are gone."""
        self.state.stop(self._name)

    def kill(self) -> None:
        """End it as a crash would."""
        os.kill(self.state.running()[self._name].pid, signal.SIGKILL)

    @property
    def _name(self) -> str:
        return f"redis-{self.port}"

    def _answers(self) -> str | None:
        return refuses(self.address, self.port)


def start(
    state: State,
    address: str = "127.0.0.1",
    password: str = "",
    port: int | None = None,
    settings: tuple[str, ...] = (),
) -> Redis:
    """Start a server in a cluster's state folder, to end with it."""
    server = Redis(state, address, port or free_port(address), password, settings)
    server.start()
    return server


@contextmanager
def running(state: State, address: str = "127.0.0.1", password: str = "") -> Iterator[Redis]:
    """A server for the length of the block."""
    server = start(state, address, password)
    try:
        yield server
    finally:
        server.stop()


@dataclass(frozen=True, slots=True)
class PublishedRedis:
    """A server on the node's bridge that pods know by name."""

    server: Redis
    url: str
    """For pods; `server.url` is for this machine."""


def publish(server: Redis, cluster: Cluster, namespace: str, name: str = "redis") -> str:
    """Give a server on the node's bridge a name in the cluster; returns its URL for pods.

    `redis://[:password@]<name>.<namespace>.svc:6379/0`, through a Service without selector.
    """
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": [{"name": "redis", "port": SERVICE_PORT, "targetPort": server.port}]},
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": [{"name": "redis", "port": server.port}],
        "endpoints": [{"addresses": [server.address]}],
    }
    objects = {"apiVersion": "v1", "kind": "List", "items": [service, endpoints]}
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(objects))
    address = cluster.kubectl("get", "-n", namespace, "service", name, "-o", "jsonpath={.spec.clusterIP}")
    # A connection made before kube-proxy knows the Service is lost for many seconds: its packets stay untranslated.
    waiting.until(f"{name}.{namespace}.svc", lambda: refuses(address, SERVICE_PORT), 30)
    return server.url_at(f"{name}.{namespace}.svc", SERVICE_PORT)


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
        *server.settings,
    ]  # fmt: skip
    # Off loopback, Redis refuses clients without a password unless told that this is meant.
    return [*command, *(("--requirepass", server.password) if server.password else ("--protected-mode", "no"))]


def refuses(address: str, port: int) -> str | None:
    """What keeps a Redis from answering there; None when it answers, be it with a demand for the password."""
    try:
        with socket.create_connection((address, port), timeout=0.5) as connection:
            connection.sendall(b"PING\r\n")
            answer = connection.recv(100)
    except OSError as error:
        return str(error)
    return None if answer.startswith((b"+PONG", b"-NOAUTH")) else repr(answer)
