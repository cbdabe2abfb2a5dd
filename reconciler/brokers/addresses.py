"""Addresses of brokers, as Queues and their Secrets give them. Pure.

Nothing here shows a URL: it may hold a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from reconciler.brokers.errors import AddressInvalid
from reconciler.brokers.trust import Secret

URL_KEYS: Final = ("url", "uri", "connection_string")
WEB: Final = {"http": 80, "https": 443}

Ports: TypeAlias = Mapping[str, int]
"""The schemes an address may have, and where each is served unless it says so."""
Where: TypeAlias = tuple[str, int]
"""Host and port."""


def parsed(url: str, what: str, ports: Ports) -> SplitResult:
    """`what` is told of it where it cannot be understood; raises `AddressInvalid`."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        # The cause would quote a piece of the URL, password and all, wherever the chain is printed.
        raise AddressInvalid(f"{what} cannot be read: a host or port is malformed") from None
    if parts.scheme not in ports:
        raise AddressInvalid(f"{what} must begin with {' or '.join(f'{scheme}://' for scheme in ports)}")
    if not usable:
        raise AddressInvalid(f"{what} names no host")
    # What an AMQP address says of the connection there is not about this one; in one that is asked it would get lost.
    if parts.scheme in WEB and (parts.query or parts.fragment):
        raise AddressInvalid(f"{what} must end with its path")
    return parts


def kept_in(secret: Secret | None, ports: Ports, plain: str) -> SplitResult | None:
    """The address a Secret holds: a URL of one of the schemes in `ports`, or a host with a port, of the scheme `plain`,
    or of that with an "s" where there are certificates.
    """
    if secret is None:
        return None
    if url := secret.text(*URL_KEYS):
        return parsed(url, f'the URL in Secret "{secret.name}"', ports)
    host = secret.text("host")
    if not host:
        return None
    scheme = f"{plain}s" if secret.text("ca.crt", "tls.crt") else plain
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    port = secret.text("port") or ports[scheme]
    return parsed(f"{scheme}://{bracketed}:{port}", f'the host in Secret "{secret.name}"', ports)


def where(parts: SplitResult, ports: Ports) -> Where:
    return parts.hostname or "", parts.port or ports[parts.scheme]


def login(secret: Secret | None, kept: SplitResult | None) -> tuple[str, str]:
    """Username and password: the Secret's own keys, else those in the address that it holds."""
    username = unquote(kept.username or "") if kept else ""
    password = unquote(kept.password or "") if kept else ""
    if secret is not None:
        username, password = secret.text("username") or username, secret.text("password") or password
    return username, password
