"""Whether the API server would accept what this very process serves: the condition of a webhook's first readiness."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from certs.authority import service_names
from certs.handshake import HandshakeError, verify_served
from certs.inject import NotInjectedError, injected_bundle
from certs.store import ForeignSecretError
from kube.client import Client
from kube.errors import ApiError

Trusted = Callable[[Client, str], Awaitable[bytes]]
"""Reads the bundle (PEM) by which clients judge: what is injected, or what the Secret of the install says."""


async def why_not_trusted(
    client: Client,
    namespace: str,
    service: str,
    port: int,
    host: str = "127.0.0.1",
    trusted: Trusted = injected_bundle,
) -> str | None:
    """None when a client that knows nothing but the trusted bundle is served at `host:port`; else why it is not."""
    try:
        bundle = await trusted(client, namespace)
        await verify_served(host, port, service_names(service, namespace)[0], bundle)
    except (NotInjectedError, ForeignSecretError, HandshakeError, ApiError) as error:
        return str(error)
    return None
