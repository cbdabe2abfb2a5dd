"""uvicorn, held to what a webhook needs: our sockets, our signals, no access log, no second copy of the request."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from webhooks.app import AdmissionApp
from webhooks.protocol import speaking

KEEP_ALIVE_SECONDS: Final = 300
"""Longer than the API server keeps idle connections (90 s): it is never us who closes one it is about to use."""

GRACE_SECONDS: Final = 15
TURNS: Final = 3
"""Of the loop: one reads what has arrived, TLS may need another, and one is to spare."""
BACKLOG: Final = 1024

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Signals are the process's, not a server's: there are two servers in it, and stopping has an order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close idle connections, once all that had arrived on them has been answered.

        In a turn of the loop timers come before sockets, so a process that had to wait for a core would close
        connections with a request on them that it has only not read yet.
        """
        for _ in range(TURNS):
            await asyncio.sleep(0)
        await super().shutdown(sockets)


def reviews(app: AdmissionApp, tls: ssl.SSLContext | None = None) -> Server:
    """The server of the reviews."""
    paths = {path.encode(): endpoint for path, endpoint in app.endpoints.items()}
    return server(app, tls, protocol=speaking(paths))


def server(
    app: ASGIApp, tls: ssl.SSLContext | None = None, protocol: type[HttpToolsProtocol] = HttpToolsProtocol
) -> Server:
    """A server for sockets that are bound already: `await server(app).serve([socket])`."""
    config = uvicorn.Config(
        app,
        loop="none",
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_context_factory=(lambda _config, _default: tls) if tls is not None else None,
    )
    return Server(config)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; an empty host is every address of both families."""
    if host:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG)
    return socket.create_server(("", port), backlog=BACKLOG)


def port_of(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])
