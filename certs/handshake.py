"""Asks a server for its certificate the way the API server does: by name, trusting one bundle and nothing else."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress


class HandshakeError(Exception):
    """A client that trusts the bundle would not be served. The text says why."""


async def verify_served(host: str, port: int, server_name: str, bundle: bytes, *, timeout_seconds: float = 5.0) -> None:
    """Connects to `host:port` as a client of `server_name` that trusts `bundle` (PEM); raises HandshakeError."""
    if not bundle.strip():
        # Python would fall back on the machine's own authorities.
        raise HandshakeError("the bundle is empty")
    try:
        context = ssl.create_default_context(cadata=bundle.decode("ascii"))
        async with asyncio.timeout(timeout_seconds):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=server_name)
    except TimeoutError:
        raise HandshakeError(f"{host}:{port} did not finish a TLS handshake in {timeout_seconds:g} s") from None
    except (OSError, ValueError) as error:
        raise HandshakeError(f"{host}:{port} as {server_name}: {error}") from error
    # Aborted, not closed: the verdict is in, and how the peer takes the end of the connection does not change it.
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
