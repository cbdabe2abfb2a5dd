"""A server on the web for the length of a block."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from reconciler.brokers.web.site import Site

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """A server that answers everything by `handler`."""
    server = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)  # type: ignore[arg-type]  # it knows requests by their base class
    await server.setup()
    place = web.TCPSite(server, "127.0.0.1", 0, ssl_context=context)
    await place.start()
    try:
        yield Site("127.0.0.1", server.addresses[0][1])
    finally:
        await server.cleanup()
