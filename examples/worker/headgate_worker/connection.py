"""One broker: where it is, how to log in, and how to run scripts there.

Commands are never repeated here. A command whose answer got lost may have been executed, and only the caller knows
whether doing it twice is harmless. Nothing here logs or raises a text with credentials in it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import NoScriptError

from .config import ConfigError
from .credentials import Credentials
from .scripts import Script

SOCKET_SECONDS: Final = 5.0
MAX_CONNECTIONS: Final = 8

Argument = str | bytes | int | float


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is, without what opens it."""

    host: str
    port: int
    db: int
    tls: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.db}"


class Broker:
    """A pool of connections to one broker."""

    def __init__(self, url: str, credentials: Credentials) -> None:
        url = url or _secret_url(credentials)
        self.address = address(url)
        self._redis = Redis(connection_pool=_pool(self.address, _Login(_split(url), credentials), credentials))

    async def run(self, script: Script, keys: Sequence[str | bytes], arguments: Sequence[Argument]) -> Any:
        """Runs a script, loading it first where the broker doesn't know it (yet, or any more)."""
        try:
            return await self.command("EVALSHA", script.sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self.command("EVAL", script.text, len(keys), *keys, *arguments)

    async def command(self, *arguments: Argument) -> Any:
        # redis-py's own types say nothing about what a command answers.
        execute = cast(Callable[..., Awaitable[Any]], self._redis.execute_command)
        return await execute(*arguments)

    async def close(self) -> None:
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()


class _Login(CredentialProvider):
    """Username and password as the secret's files say now; the URL's own come second."""

    def __init__(self, url: SplitResult, credentials: Credentials) -> None:
        self._user, self._password = unquote(url.username or ""), unquote(url.password or "")
        self._credentials = credentials

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        given = _split(self._credentials.text("url", "uri", "connection_string") or "redis://-")
        user = self._credentials.text("username") or unquote(given.username or "") or self._user
        password = self._credentials.text("password") or unquote(given.password or "") or self._password
        return (user, password) if user else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        return self.get_credentials()

    def any(self) -> bool:
        return any(self.get_credentials())


def _pool(place: Address, login: _Login, credentials: Credentials) -> BlockingConnectionPool:
    tls: dict[str, Any] = {}
    if place.tls:
        tls = {
            "ssl_ca_certs": credentials.path("ca.crt"),
            "ssl_certfile": credentials.path("tls.crt"),
            "ssl_keyfile": credentials.path("tls.key"),
        }
    return BlockingConnectionPool(
        connection_class=SSLConnection if place.tls else Connection,
        max_connections=MAX_CONNECTIONS,
        timeout=SOCKET_SECONDS,
        host=place.host,
        port=place.port,
        db=place.db,
        credential_provider=login if login.any() else None,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        client_name="headgate-worker",
        **tls,
    )


def _secret_url(credentials: Credentials) -> str:
    url = credentials.text("url", "uri", "connection_string")
    if url:
        return url
    host = credentials.text("host")
    if not host:
        raise ConfigError("neither the queue's url nor its secret says where the broker is")
    scheme = "rediss" if credentials.path("ca.crt") else "redis"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{credentials.text('port') or 6379}/0"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise ConfigError("the broker's url can't be read") from None


def address(url: str) -> Address:
    """The place a URL names; raises ConfigError, whose message leaves the URL out: it may hold a password."""
    parts = _split(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ConfigError("the broker's url must be redis://HOST[:PORT][/DB] or rediss://…")
    try:
        return Address(parts.hostname, parts.port or 6379, int(parts.path.strip("/") or 0), parts.scheme == "rediss")
    except ValueError:
        raise ConfigError("the broker's url has a port or database that is no number") from None
