"""A client of the test's API server, and a scripted server for what a healthy one does not do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from kube import config
from kube.client import Client
from kube.config import Connection
from kube.credentials import Credentials, Fixed
from kube.transport import WarningSink
from tests.cluster.cluster import Cluster

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def client(control_plane: Cluster) -> AsyncIterator[Client]:
    async with Client(await config.load(control_plane.kubeconfig)) as opened:
        yield opened


@asynccontextmanager
async def scripted(
    handler: Handler,
    credentials: Credentials | None = None,
    timeout: float = 5,  # noqa: ASYNC109 - the client's own parameter
    warnings: WarningSink | None = None,
) -> AsyncIterator[Client]:
    """A client of a server that answers every request by `handler`."""
    app = web.Application(client_max_size=2**20)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        connection = Connection(f"http://{host}:{port}", credentials or Fixed())
        async with Client(connection, timeout=timeout, warnings=warnings or ignore) as opened:
            yield opened
    finally:
        await runner.cleanup()


def ignore(_: str) -> None:
    """A warning that the test is not about."""


async def broken(request: web.Request) -> web.StreamResponse:
    """A handler that breaks the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
