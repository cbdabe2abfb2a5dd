"""Where a queue's Redis is and how to speak to it, worked out from the Queue and its Secrets. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from reconciler.brokers import trust
from reconciler.brokers.errors import AddressInvalid, CredentialsMissing
from reconciler.brokers.trust import Reach, Secret

PORT: Final = 6379
URL_KEYS: Final = ("url", "uri", "connection_string")
_SCHEMES: Final = {"redis": False, "rediss": True}


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
    own, kept = _parsed(url, "broker.redis.url"), _kept(secret)
    address = own or kept
    if address is None:
        raise AddressInvalid("neither broker.redis.url nor the connection Secret says where the broker is")
    if options is None and any(_SCHEMES[parts.scheme] for parts in (own, kept) if parts is not None):
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
    kept = _kept(secret)
    if options is None and secret is not None:
        asks = _SCHEMES[kept.scheme] if kept is not None else bool(secret.text("ca.crt", "tls.crt"))
        options = TLSOptions() if asks else None
    return _login(0 if kept is None else _database(kept), kept, secret, options), _reach(secret, kept)


def _reach(secret: Secret | None, kept: SplitResult | None) -> Reach:
    return Reach() if secret is None else Reach.of(secret, None if kept is None else _where(kept))


def _endpoint(
    address: SplitResult, kept: SplitResult | None, secret: Secret | None, options: TLSOptions | None
) -> Endpoint:
    host, port = _where(address)
    return replace(_login(_database(address), kept, secret, options), host=host, port=port)


def _login(database: int, kept: SplitResult | None, secret: Secret | None, options: TLSOptions | None) -> Endpoint:
    username = unquote(kept.username or "") if kept else ""
    password = unquote(kept.password or "") if kept else ""
    if secret is not None:
        username, password = secret.text("username") or username, secret.text("password") or password
    return Endpoint("", PORT, database, username, password, secured(secret, options))


def _kept(secret: Secret | None) -> SplitResult | None:
    """The address a Secret holds: a URL, or a host with a port."""
    if secret is None:
        return None
    if url := secret.text(*URL_KEYS):
        return _parsed(url, f'the URL in Secret "{secret.name}"')
    host = secret.text("host")
    if not host:
        return None
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    scheme = "rediss" if secret.text("ca.crt", "tls.crt") else "redis"
    return _parsed(f"{scheme}://{bracketed}:{secret.text('port') or PORT}", f'the host in Secret "{secret.name}"')


def _parsed(url: str, what: str) -> SplitResult | None:
    """Never shows the URL itself: it may hold a password."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        # The cause would quote a piece of the URL, password and all, wherever the chain is printed.
        raise AddressInvalid(f"{what} cannot be read: a host or port is malformed") from None
    if parts.scheme not in _SCHEMES:
        raise AddressInvalid(f"{what} must begin with redis:// or rediss://")
    if not usable:
        raise AddressInvalid(f"{what} names no host")
    return parts


def _where(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or PORT


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
