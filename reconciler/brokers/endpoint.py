"""Where a queue's Redis is and how to speak to it, worked out from the Queue and its Secrets. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import SplitResult

from reconciler.brokers import addresses, trust
from reconciler.brokers.addresses import kept_in, parsed, where
from reconciler.brokers.errors import AddressInvalid, CredentialsMissing
from reconciler.brokers.trust import Reach, Secret

PORT: Final = 6379
_PORTS: Final = {"redis": PORT, "rediss": PORT}
_SECURE: Final = "rediss"


@dataclass(frozen=True, slots=True)
class TLSOptions:
    """`broker.tls` of the Queue, with what its references hold, in PEM."""

    ca: str = ""
    client: Secret | None = None
    server_name: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True)
class TLS:
    """How a connection is secured. Without `ca` the system's authorities count."""

    ca: str = ""
    certificate: str = ""
    key: str = field(default="", repr=False)
    server_name: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One login at one database of one server; equal endpoints share connections."""

    host: str
    port: int = PORT
    db: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: TLS | None = None

    @property
    def secrets(self) -> Sequence[str]:
        """What must never appear in a message."""
        return (self.password, "" if self.username == "default" else self.username)


def resolve(url: str, secret: Secret | None, options: TLSOptions | None = None) -> Endpoint:
    """The endpoint named by `broker.redis.url`, by the connection Secret, or by both together.

    The Queue's URL wins over an address in the Secret; but what the Secret keeps for one server goes to another only
    if the Secret itself lists that one, so that nobody redirects somebody else's password.
    """
    if secret is not None:
        trust.require_label(secret)
    own = parsed(url, "broker.redis.url", _PORTS) if url else None
    kept = kept_in(secret, _PORTS, "redis")
    address = own or kept
    if address is None:
        raise AddressInvalid("neither broker.redis.url nor the connection Secret says where the broker is")
    if options is None and any(parts.scheme == _SECURE for parts in (own, kept) if parts is not None):
        options = TLSOptions()
    endpoint = _endpoint(address, kept, secret, options)
    _reach(secret, kept).require(endpoint.host, endpoint.port)
    return endpoint


def login(secret: Secret | None, options: TLSOptions | None = None) -> tuple[Endpoint, Reach]:
    """How to speak to servers that no URL names, as an endpoint without a host, and which of them may be spoken to so.

    The database is that of the URL in the Secret. Certificates in a Secret without one ask for TLS.
    """
    if secret is not None:
        trust.require_label(secret)
    kept = kept_in(secret, _PORTS, "redis")
    if options is None and secret is not None:
        asks = kept.scheme == _SECURE if kept is not None else bool(secret.text("ca.crt", "tls.crt"))
        options = TLSOptions() if asks else None
    return _login(0 if kept is None else _database(kept), kept, secret, options), _reach(secret, kept)


def _reach(secret: Secret | None, kept: SplitResult | None) -> Reach:
    return Reach() if secret is None else Reach.of(secret, None if kept is None else where(kept, _PORTS))


def _endpoint(
    address: SplitResult, kept: SplitResult | None, secret: Secret | None, options: TLSOptions | None
) -> Endpoint:
    host, port = where(address, _PORTS)
    return replace(_login(_database(address), kept, secret, options), host=host, port=port)


def _login(database: int, kept: SplitResult | None, secret: Secret | None, options: TLSOptions | None) -> Endpoint:
    return Endpoint("", PORT, database, *addresses.login(secret, kept), secured(secret, options))


def _database(parts: SplitResult) -> int:
    text = parts.path.strip("/")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise AddressInvalid("the path of the broker's URL must be the number of a database, as in /0")
    return int(text)


def secured(secret: Secret | None, options: TLSOptions | None) -> TLS | None:
    """What a connection is secured with, by the Queue's options and by what its Secrets hold; None without options."""
    if options is None:
        return None
    if options.client is not None:
        trust.require_label(options.client)
    source = options.client or secret
    certificate, key = (source.text("tls.crt"), source.text("tls.key")) if source else ("", "")
    if options.client is not None and not (certificate and key):
        raise CredentialsMissing(f'Secret "{options.client.name}" must hold tls.crt and tls.key')
    ca = options.ca or (secret.text("ca.crt") if secret else "")
    return TLS(ca, certificate, key, options.server_name, options.verify)
