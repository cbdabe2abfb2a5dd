"""Where an HTTP server is and how to speak to it, worked out from addresses and a Queue's Secrets. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from reconciler.brokers import trust
from reconciler.brokers.endpoint import TLS, URL_KEYS, TLSOptions, secured
from reconciler.brokers.errors import AddressInvalid
from reconciler.brokers.trust import Secret

WEB: Final = {"http": 80, "https": 443}
Where: TypeAlias = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True, slots=True)
class Site:
    """One login at one server; equal sites share connections. `path` is what all of its paths begin with."""

    host: str
    port: int
    path: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    tls: TLS | None = None

    @property
    def base(self) -> str:
        """The URL that paths are put behind; it holds no credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.path}"

    @property
    def secrets(self) -> Collection[str]:
        """What must never appear in a message."""
        return (self.password, self.username)


def site(
    address: SplitResult,
    secret: Secret | None,
    kept: SplitResult | None,
    options: TLSOptions | None,
    own: Collection[Where],
) -> Site:
    """The site at `address`, with what the Secret holds for it.

    `kept` is where the Secret itself says it belongs, and `own` are the places that means. What it keeps for those goes
    elsewhere only if it lists that host, so that nobody redirects somebody else's password.
    """
    secure = address.scheme == "https"
    if options is not None and not secure:
        raise AddressInvalid("broker.tls is set, so the address has to begin with https://")
    host, port = where(address, WEB)
    if secret is not None:
        trust.require_label(secret)
        trust.require_allowed(secret, host, port, listed=kept is not None and (host, port) not in own)
    tls = secured(secret, options or TLSOptions()) if secure else None
    return Site(host, port, address.path.rstrip("/"), *_login(secret, kept), tls)


def kept_in(secret: Secret | None, ports: dict[str, int], plain: str) -> SplitResult | None:
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


def parsed(url: str, what: str, ports: dict[str, int]) -> SplitResult:
    """Never shows the URL itself: it may hold a password."""
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


def where(parts: SplitResult, ports: dict[str, int]) -> Where:
    return parts.hostname or "", parts.port or ports[parts.scheme]


def _login(secret: Secret | None, kept: SplitResult | None) -> tuple[str, str]:
    username = unquote(kept.username or "") if kept else ""
    password = unquote(kept.password or "") if kept else ""
    if secret is not None:
        username, password = secret.text("username") or username, secret.text("password") or password
    return username, password
