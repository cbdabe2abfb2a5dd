"""A trigger of KEDA as the broker of a Queue: lists and streams of Redis in every topology, and RabbitMQ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from crds import meta
from crds.conversion import trees
from headgate.moving.moved import Object

if TYPE_CHECKING:
    from headgate.moving.keda import World

REDIS: Final = {
    "redis": ("List", ""),
    "redis-cluster": ("List", "cluster"),
    "redis-sentinel": ("List", "sentinel"),
    "redis-streams": ("Stream", ""),
    "redis-cluster-streams": ("Stream", "cluster"),
    "redis-sentinel-streams": ("Stream", "sentinel"),
}
RABBITMQ: Final = "rabbitmq"
_STREAM_TARGETS: Final = ("lagCount", "pendingEntriesCount", "streamLength")
_LIST_TARGET: Final = 5
_STREAM_TARGET: Final = 5
_CREDENTIALS: Final = ("username", "password", "host", "sentinelUsername", "sentinelPassword")


class Unreadable(Exception):  # noqa: N818 - not an error of ours: a trigger that stays behind
    """A trigger that has no counterpart; the text says so."""


@dataclass(frozen=True, slots=True)
class Trigger:
    queue_name: str
    broker: Object
    target: int
    """Jobs for each replica, 0 where the trigger has none that means that."""

    notes: tuple[str, ...]

    def queue(self, name: str) -> Object:
        return ({} if name == self.queue_name else {"queueName": self.queue_name}) | {"broker": self.broker}


class _Settings:
    """The metadata of one trigger, with what it says by way of the environment."""

    def __init__(self, metadata: Mapping[str, Any], environment: Mapping[str, Object]) -> None:
        self._metadata, self._environment = metadata, environment

    def text(self, name: str) -> str:
        if name in self._metadata:
            return str(self._metadata[name])
        variable = self._environment.get(str(self._metadata.get(f"{name}FromEnv", "")))
        return str(variable.get("value", "")) if variable else ""

    def number(self, name: str) -> int:
        text = self.text(name)
        return int(text) if text.isdecimal() else 0

    def true(self, name: str) -> bool:
        return self.text(name).lower() == "true"

    def secrets(self) -> set[str]:
        """Names of Secrets behind credentials that come from the environment."""
        variables = (self._environment.get(str(self._metadata.get(f"{name}FromEnv", ""))) for name in _CREDENTIALS)
        names = (trees.get(variable, ("valueFrom", "secretKeyRef", "name")) for variable in variables)
        return {name for name in names if isinstance(name, str)}

    def asks_for_credentials(self) -> bool:
        return any(f"{name}FromEnv" in self._metadata for name in _CREDENTIALS)

    def has(self, name: str) -> bool:
        return name in self._metadata


def read(trigger: Object, environment: Mapping[str, Object], world: World, namespace: str) -> Trigger:
    """Raises Unreadable."""
    kind = str(trigger.get("type", ""))
    metadata = trigger.get("metadata")
    settings = _Settings(metadata if isinstance(metadata, dict) else {}, environment)
    if kind in REDIS:
        name, broker, target, notes = _redis(kind, settings)
    elif kind == RABBITMQ:
        name, broker, target, notes = _rabbitmq(settings)
    else:
        raise Unreadable(f"trigger {kind or 'without a type'} stays behind: its backlog is not read as a queue")
    if not name:
        raise Unreadable(f"trigger {kind} stays behind: it names no queue")
    for field in ("activationListLength", "activationLagCount", "activationStreamLength", "activationValue"):
        if settings.has(field):
            notes.append(f"{field} does not come along: one waiting job starts a pool of zero")
    notes += _credentials(trigger, settings, broker, world, namespace)
    return Trigger(name, broker, target, tuple(notes))


def _redis(kind: str, settings: _Settings) -> tuple[str, Object, int, list[str]]:
    layout, topology = REDIS[kind]
    redis: Object = {"layout": layout}
    notes = _address(settings, topology, redis)
    broker: Object = {"redis": redis}
    if settings.true("unsafeSsl"):
        broker["tls"] = {"insecureSkipVerify": True}
    if layout == "List":
        return settings.text("listName"), broker, settings.number("listLength") or _LIST_TARGET, notes
    if group := settings.text("consumerGroup"):
        redis["consumerGroup"] = group
    target = next((found for name in _STREAM_TARGETS if (found := settings.number(name))), _STREAM_TARGET)
    return settings.text("stream"), broker, target, notes


def _address(settings: _Settings, topology: str, redis: Object) -> list[str]:
    if topology:
        addresses = [one.strip() for one in settings.text("addresses").split(",") if one.strip()]
        if not addresses:
            hosts, ports = settings.text("hosts").split(","), settings.text("ports").split(",")
            addresses = [f"{host.strip()}:{port.strip()}" for host, port in zip(hosts, ports, strict=False) if host]
        redis[topology] = {"addresses": addresses}
        if topology == "sentinel":
            redis[topology]["masterName"] = settings.text("sentinelMaster")
        return [] if addresses else [f"spec.broker.redis.{topology}.addresses are for you to fill in"]
    address = settings.text("address")
    if not address and settings.text("host"):
        address = f"{settings.text('host')}:{settings.text('port') or 6379}"
    if not address:
        return ["spec.broker.redis.url is for you to fill in: the trigger takes it from the environment"]
    scheme = "rediss" if settings.true("enableTLS") else "redis"
    redis["url"] = f"{scheme}://{address}/{settings.number('databaseIndex')}"
    return []


def _rabbitmq(settings: _Settings) -> tuple[str, Object, int, list[str]]:
    rabbitmq: Object = {}
    notes = []
    url = urlsplit(settings.text("host"))
    if url.hostname:
        address = f"{url.hostname}:{url.port}" if url.port else url.hostname
        rabbitmq["managementURL" if url.scheme.startswith("http") else "url"] = f"{url.scheme}://{address}"
        if url.username or url.password:
            notes.append("user and password of the host belong into the Secret of spec.broker.connectionSecretRef")
    vhost = settings.text("vhostName") or unquote(url.path.removeprefix("/"))
    if vhost and vhost != "/":
        rabbitmq["vhost"] = vhost
    mode = settings.text("mode") or ("QueueLength" if settings.has("queueLength") else "")
    target = settings.number("value") or settings.number("queueLength")
    if mode != "QueueLength":
        notes.append(f"mode {mode or 'not given'} does not come along: pools follow the queue, see scaling.wait")
        target = 0
    return settings.text("queueName"), {"rabbitmq": rabbitmq}, target, notes


def _credentials(trigger: Object, settings: _Settings, broker: Object, world: World, namespace: str) -> list[str]:
    """Sets connectionSecretRef where one Secret is behind the credentials, and says what that Secret needs."""
    secrets = settings.secrets()
    reference = trigger.get("authenticationRef")
    if isinstance(reference, dict) and reference.get("name"):
        found = world.get(str(reference.get("kind", "TriggerAuthentication")), namespace, str(reference["name"]))
        targets = trees.get(found, ("spec", "secretTargetRef"))
        named = targets if isinstance(targets, list) else []
        secrets |= {str(one["name"]) for one in named if isinstance(one, dict) and one.get("name")}
        if found is None:
            return [_fill_in(f"authenticationRef {reference['name']} is not among the manifests")]
    if len(secrets) == 1:
        (name,) = secrets
        broker["connectionSecretRef"] = {"name": name}
        label = f'{meta.LABEL_BROKER_CREDENTIALS}: "true"'
        return [f"Secret {name} needs the label {label} and keys called url, or host, port, username and password"]
    if secrets:
        return [_fill_in(f"there are several Secrets, {', '.join(sorted(secrets))}")]
    needs_one = settings.asks_for_credentials() or not _reachable(broker)
    return [_fill_in("the credentials' Secret is not known")] if needs_one else []


def _reachable(broker: Object) -> bool:
    redis, rabbitmq = broker.get("redis", {}), broker.get("rabbitmq", {})
    return bool({"url", "cluster", "sentinel"} & redis.keys()) or "url" in rabbitmq


def _fill_in(why: str) -> str:
    return f"spec.broker.connectionSecretRef is for you to fill in: {why}"
