"""A connection to a worker's broker, with the credentials that are mounted beside it. Everything takes 2 s at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from headgate.agent.places import Broker

SECONDS: Final = 2.0
MOST_BYTES: Final = 64 * 1024
ADDRESSES: Final = ("url", "uri", "connection_string")


LOST: Final = (redis.RedisError, OSError)
"""What a broker that cannot be asked raises."""
Command: TypeAlias = Sequence[str | bytes | int | float]


class Link:
    """Commands as plain words, answers as plain bytes."""

    def __init__(self, client: redis.Redis) -> None:
        client.response_callbacks.clear()
        self._client = client

    def ask(self, *command: str | bytes | int | float) -> Any:
        return self._client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py has no types for it

    def ask_all(self, commands: Iterable[Command]) -> list[Any]:
        """One round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]  # as above
        return list(pipeline.execute())

    @property
    def time(self) -> float:
        """The broker's own."""
        seconds, microseconds = self.ask("TIME")
        return int(seconds) + int(microseconds) / 1e6


def connect(broker: Broker) -> Link:
    """Connects when it is first used. The files are read now: a new password needs a new link."""
    folder = Path(broker.credentials) if broker.credentials else None
    kept = urlsplit(_text(folder, *ADDRESSES))
    parts = urlsplit(broker.url) if broker.url else kept
    options: dict[str, Any] = {}
    if parts.scheme == "rediss" or _file(folder, "ca.crt"):
        options |= {"ssl": True, "ssl_ca_certs": _file(folder, "ca.crt")}
        options |= {"ssl_certfile": _file(folder, "tls.crt"), "ssl_keyfile": _file(folder, "tls.key")}
    client = redis.Redis(
        host=parts.hostname or _text(folder, "host"),
        port=parts.port or int(_text(folder, "port") or 6379),
        db=int(parts.path.strip("/") or 0),
        username=_text(folder, "username") or unquote(kept.username or "") or None,
        password=_text(folder, "password") or unquote(kept.password or "") or None,
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **options,
    )
    return Link(client)


def database(broker: Broker) -> int:
    parts = urlsplit(broker.url or _text(Path(broker.credentials), *ADDRESSES))
    return int(parts.path.strip("/") or 0)


def _text(folder: Path | None, *names: str) -> str:
    """The first of these files that is there, or an empty text."""
    path = next((found for name in names if (found := _file(folder, name))), None)
    return Path(path).read_bytes()[:MOST_BYTES].decode(errors="replace").strip() if path else ""


def _file(folder: Path | None, name: str) -> str | None:
    return str(folder / name) if folder is not None and (folder / name).is_file() else None
