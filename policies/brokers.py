"""Where a Queue's broker is, as far as the object says it: its hosts, and a word that two queues at one place share.

An address that only the connection Secret holds is unknown here, and unknown is not allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from crds.remembering import remembered
from policies.fields import mapping, strings, text

_MANAGEMENT: Final = "spec.broker.rabbitmq.managementURL"
_URLS: Final = (
    ("redis", "url", "spec.broker.redis.url"),
    ("rabbitmq", "url", "spec.broker.rabbitmq.url"),
    ("rabbitmq", "managementURL", _MANAGEMENT),
    ("prometheus", "url", "spec.broker.prometheus.url"),
)
_PAIRS: Final[tuple[tuple[str, ...], ...]] = (
    ("redis", "sentinel", "addresses"),
    ("redis", "cluster", "addresses"),
    ("kafka", "bootstrapServers"),
)
_PORTS: Final = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671, "http": 80, "https": 443}


class Address(NamedTuple):
    """One address of a broker and the field that says it; `host` is "" where the text cannot be read."""

    field: str
    text: str
    host: str
    port: int


def addresses(broker: Mapping[str, Any]) -> Iterator[Address]:
    """Every address that `spec.broker` says something is connected to."""
    for member, key, field in _URLS:
        if member in broker and (url := text(broker, member, key)):
            yield Address(field, url, *_of_url(url))
    for path in _PAIRS:
        if path[0] not in broker:
            continue
        for index, address in enumerate(strings(broker, *path)):
            yield Address(f"spec.broker.{'.'.join(path)}[{index}]", address, *_of_pair(address))


def says_where(broker: Mapping[str, Any]) -> bool:
    """Whether jobs are read from an address in the object; the management API alone does not count."""
    return any(address.field != _MANAGEMENT for address in addresses(broker))


def place(namespace: str, broker: Mapping[str, Any], name: str) -> str:
    """A word that is the same for two queues exactly when they read the same jobs, as far as that can be known.

    A host without a dot means another server in every namespace, and so does the Secret of a connection.
    """
    return places(namespace, broker, tuple(addresses(broker))).of(name)


class Places(NamedTuple):
    """Where the queues of one broker are; `named` says that each name is a place of its own there."""

    common: str
    named: bool

    def of(self, name: str) -> str:
        return f"{self.common} {name}" if self.named else self.common


def places(namespace: str, broker: Mapping[str, Any], found: Sequence[Address]) -> Places:
    """`found` are the addresses of the broker."""
    servers = [
        f"{address.host if '.' in address.host else f'{address.host}.{namespace}.svc'}:{address.port}"
        for address in found
        if address.field != _MANAGEMENT
    ]
    servers.sort()
    where = ",".join(servers) or f"secret {namespace}/{text(broker, 'connectionSecretRef', 'name')}"
    redis, kafka = mapping(broker, "redis"), mapping(broker, "kafka")
    if kafka:
        return Places(f"kafka {where} {text(kafka, 'topic')} {text(kafka, 'consumerGroup')}", named=False)
    if "prometheus" in broker:
        return Places(f"prometheus {where} {text(broker, 'prometheus', 'queries', 'waiting')}", named=False)
    if redis:
        master, database = text(redis, "sentinel", "masterName"), _database(text(redis, "url"))
        return Places(f"{text(redis, 'layout')} {where} {master} {database} {text(redis, 'keyPrefix')}", named=True)
    return Places(f"rabbitmq {where} {text(broker, 'rabbitmq', 'vhost') or '/'}", named=True)


@remembered(4096)
def _of_url(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return _folded(parts.hostname or ""), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", 0


def _of_pair(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return _folded(host.strip("[]")), int(port) if port.isascii() and port.isdigit() else 0


def _folded(host: str) -> str:
    return host.lower().rstrip(".")


@remembered(4096)
def _database(url: str) -> str:
    """The number of the Redis database, of which 0 may be left out."""
    try:
        return urlsplit(url).path.strip("/") or "0"
    except ValueError:
        return ""
