"""Whether every replica serves what an authority has signed: asked of each address behind the Service, by handshake.

EndpointSlices name who gets calls, replicas that are about to leave included, so nobody who could still be called is
overlooked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from certs.authority import service_names
from certs.handshake import HandshakeError, verify_served
from kube.client import Client
from kube.resources import ENDPOINT_SLICES

SERVICE_LABEL: Final = "kubernetes.io/service-name"
PORT_NAME: Final = "https"
AT_ONCE: Final = 8

Verify = Callable[[str, int, str, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where one replica listens."""

    host: str
    port: int


def addresses(slices: Iterable[Mapping[str, Any]]) -> tuple[Address, ...]:
    """The replicas that may be called, each once. Pure."""
    return tuple(sorted({address for one in slices for address in _serving(one)}))


def _serving(endpoint_slice: Mapping[str, Any]) -> Iterator[Address]:
    ports = [one["port"] for one in endpoint_slice.get("ports") or [] if one.get("name") == PORT_NAME]
    for endpoint in endpoint_slice.get("endpoints") or []:
        # Absent means unknown, and unknown may be called.
        if (endpoint.get("conditions") or {}).get("serving") is not False:
            yield from (Address(endpoint["addresses"][0], port) for port in ports if port is not None)


async def why_not_verified(
    client: Client, namespace: str, service: str, authority: bytes, verify: Verify = verify_served
) -> str:
    """ "" when each replica would be served to a client that trusts `authority` (PEM) alone; else which would not.

    Raises ApiError.
    """
    listing = await client.list(ENDPOINT_SLICES, namespace, f"{SERVICE_LABEL}={service}")
    name, free = service_names(service, namespace)[0], asyncio.Semaphore(AT_ONCE)

    async def fault(address: Address) -> str:
        async with free:
            try:
                await verify(address.host, address.port, name, authority)
            except HandshakeError as error:
                return str(error)
        return ""

    faults = [found for found in await asyncio.gather(*map(fault, addresses(listing.items))) if found]
    more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    return faults[0] + more if faults else ""
