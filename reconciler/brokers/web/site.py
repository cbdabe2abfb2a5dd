"""Where an HTTP server is and how to speak to it, worked out from addresses and a Queue's Secrets. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from reconciler.brokers import addresses, trust
from reconciler.brokers.addresses import WEB, Where
from reconciler.brokers.endpoint import TLS, TLSOptions, secured
from reconciler.brokers.errors import AddressInvalid
from reconciler.brokers.trust import Secret


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
    host, port = addresses.where(address, WEB)
    if secret is not None:
        trust.require_label(secret)
        trust.require_allowed(secret, host, port, listed=kept is not None and (host, port) not in own)
    tls = secured(secret, options or TLSOptions()) if secure else None
    return Site(host, port, address.path.rstrip("/"), *addresses.login(secret, kept), tls)
