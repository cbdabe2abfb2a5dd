"""From a Queue to its broker, through Secrets."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from crds.meta import LABEL_BROKER_CREDENTIALS
from crds.v1 import QueueSpec
from kube.errors import ApiError, Forbidden, NotFound, Unreachable
from reconciler.brokers.access import Brokers
from reconciler.brokers.errors import (
    BrokerError,
    CredentialsMissing,
    CredentialsRefused,
    LayoutNotSupported,
    SecretNotTrusted,
)
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.secrets import KEPT_SECONDS
from tests.cluster import redis, sentinels, state
from tests.cluster.redis import Redis
from tests.reconciler.brokers.conftest import LIMITS

PASSWORD = "correct-horse"


@dataclass
class World:
    """Secrets by name, and a clock."""

    secrets: dict[str, Mapping[str, str]] = field(default_factory=dict)
    error: ApiError | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: {LABEL_BROKER_CREDENTIALS: "true"})
    reads: int = 0
    now: float = 0.0

    async def read(self, namespace: str, name: str) -> Mapping[str, Any]:
        self.reads += 1
        if self.error is not None:
            raise self.error
        if name not in self.secrets:
            raise NotFound(f'secrets "{name}" not found')
        data = {key: base64.b64encode(text.encode()).decode() for key, text in self.secrets[name].items()}
        return {"metadata": {"name": name, "namespace": namespace, "labels": self.labels}, "data": data}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def brokers(world: World) -> AsyncIterator[Brokers]:
    brokers = Brokers(world.read, LIMITS, lambda: world.now, lambda: 1_800_000_000.0)
    yield brokers
    await brokers.close()


@pytest.fixture(scope="module")
def server(servers: state.State) -> Iterator[Redis]:
    with redis.running(servers, password=PASSWORD) as server:
        yield server


def spec(server: Redis, **more: Any) -> QueueSpec:
    broker = {"redis": {"layout": "List", "url": f"redis://{server.address}:{server.port}/0"}}
    reference = {"connectionSecretRef": {"name": "redis"}}
    return QueueSpec.model_validate({"broker": {**broker, **reference, **more}})


async def refused(brokers: Brokers, queue: QueueSpec) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        await brokers.observe("shop", "orders", queue)
    return caught.value


async def test_a_queue_is_read_with_the_password_of_its_secret(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets["redis"] = {"password": PASSWORD}
    async with Client.from_url(server.url) as client:
        await client.delete("orders")
        await client.lpush("orders", "1", "2")
    assert (await brokers.observe("shop", "orders", spec(server))).waiting == exact(2)


async def test_the_queues_name_at_the_broker(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets["redis"] = {"password": PASSWORD}
    async with Client.from_url(server.url) as client:
        await client.lpush("p:renamed:high", "1")
    queue = {
        "queueName": "renamed",
        "priorities": ["high", "low"],
        "broker": {
            "connectionSecretRef": {"name": "redis"},
            "redis": {"layout": "List", "url": f"redis://{server.address}:{server.port}", "keyPrefix": "p:"},
        },
    }
    seen = await brokers.observe("shop", "orders", QueueSpec.model_validate(queue))
    assert seen.waiting == exact(1)


async def test_a_stream_is_read_as_one(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets["redis"] = {"url": server.url}
    async with Client.from_url(server.url) as client:
        await client.xadd("events", {"job": "{}"})
    queue = {"broker": {"connectionSecretRef": {"name": "redis"}, "redis": {"layout": "Stream"}}}
    seen = await brokers.observe("shop", "events", QueueSpec.model_validate(queue))
    assert seen.waiting.value == 1


async def test_the_primary_that_sentinels_name(brokers: Brokers, world: World, servers: state.State) -> None:
    """One password for both, of which the sentinel asks for none."""
    world.secrets["redis"] = {"password": PASSWORD}
    with sentinels.watched(servers, PASSWORD) as watched:
        async with Client.from_url(watched.primary.url) as client:
            await client.lpush("orders", "1", "2")
        sentinel = {"masterName": sentinels.MASTER, "addresses": [watched.sentinel.address]}
        broker = {"connectionSecretRef": {"name": "redis"}, "redis": {"layout": "List", "sentinel": sentinel}}
        queue = QueueSpec.model_validate({"broker": broker})
        found: dict[str, object] = {}
        await brokers.observe_each([("shop", "orders", queue, 1.0)], lambda place, seen: found.update({place[1]: seen}))
    seen = found["orders"]
    assert isinstance(seen, Observation)
    assert seen.waiting == exact(2)


async def test_no_such_secret(brokers: Brokers, server: Redis) -> None:
    error = await refused(brokers, spec(server))
    assert isinstance(error, CredentialsMissing)
    assert error.message == 'Secret "redis" does not exist'


async def test_a_secret_that_may_not_be_read(brokers: Brokers, world: World, server: Redis) -> None:
    world.error = Forbidden("no")
    error = await refused(brokers, spec(server))
    assert isinstance(error, CredentialsMissing)
    assert "its role does not allow it" in error.message


async def test_a_secret_without_the_label(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets["redis"] = {"password": PASSWORD}
    world.labels = {}
    assert isinstance(await refused(brokers, spec(server)), SecretNotTrusted)


async def test_an_authority_that_is_not_in_its_secret(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets |= {"redis": {"password": PASSWORD}, "ca": {"other": "x"}}
    error = await refused(brokers, spec(server, tls={"caSecretRef": {"name": "ca", "key": "ca.crt"}}))
    assert error.message == 'Secret "ca" has no key "ca.crt"'


async def test_a_changed_password_is_used_at_the_next_look(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets["redis"] = {"password": "wrong-horse"}
    assert isinstance(await refused(brokers, spec(server)), CredentialsRefused)
    world.secrets["redis"] = {"password": PASSWORD}
    await brokers.observe("shop", "orders", spec(server))


async def test_secrets_are_not_read_at_every_look(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets["redis"] = {"password": PASSWORD}
    for _ in range(5):
        await brokers.observe("shop", "orders", spec(server))
    assert world.reads == 1
    world.now += KEPT_SECONDS + 1
    await brokers.observe("shop", "orders", spec(server))
    assert world.reads == 2


async def test_queues_are_read_on_while_the_api_server_is_away(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets["redis"] = {"password": PASSWORD}
    await brokers.observe("shop", "orders", spec(server))
    world.error = Unreachable("connection refused")
    world.now += KEPT_SECONDS + 1
    await brokers.observe("shop", "orders", spec(server))


async def test_an_api_server_that_is_away_from_the_beginning(brokers: Brokers, world: World, server: Redis) -> None:
    world.error = Unreachable("connection refused")
    with pytest.raises(Unreachable):
        await brokers.observe("shop", "orders", spec(server))


async def test_nothing_is_kept_of_what_nobody_uses(brokers: Brokers, world: World, server: Redis) -> None:
    world.secrets["redis"] = {"password": PASSWORD}
    await brokers.observe("shop", "orders", spec(server))
    world.now += 301
    await brokers.tidy()
    await brokers.observe("shop", "orders", spec(server))
    assert world.reads == 2


@pytest.mark.parametrize(
    ("broker", "want"),
    [
        ({"kafka": {"bootstrapServers": ["k:9092"], "topic": "t", "consumerGroup": "g"}}, "Kafka cannot be read yet"),
    ],
    ids=["Kafka"],
)
async def test_what_this_release_cannot_read(brokers: Brokers, broker: dict[str, Any], want: str) -> None:
    error = await refused(brokers, QueueSpec.model_validate({"broker": broker}))
    assert isinstance(error, LayoutNotSupported)
    assert error.message == want
