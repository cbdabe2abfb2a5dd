"""From Queues to brokers on the web, through Secrets, one by one and together with others."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from aiohttp import web

from crds.meta import LABEL_BROKER_CREDENTIALS
from crds.v1 import QueueSpec
from kube.errors import NotFound, Unreachable
from reconciler.brokers.access import Brokers
from reconciler.brokers.errors import (
    BrokerError,
    BrokerUnreachable,
    CredentialsMissing,
    CredentialsRefused,
    QueueNotFound,
)
from reconciler.brokers.observation import Observation, estimated, exact
from reconciler.brokers.observer import Found, Place
from reconciler.brokers.web.site import Site
from tests.reconciler.brokers.conftest import LIMITS
from tests.reconciler.brokers.rabbitmq.test_vhost import Management
from tests.reconciler.brokers.web.serving import serving


@dataclass
class World:
    """A Prometheus that answers any number with itself, to whoever has the password; and the Secret's contents."""

    password: str = "old"
    secret: dict[str, str] = field(default_factory=lambda: {"username": "me", "password": "old"})
    away: bool = False
    asked: int = 0
    most: int = 0
    under_way: int = 0

    async def read(self, namespace: str, name: str) -> Mapping[str, Any]:
        if self.away:
            raise Unreachable("connection refused")
        if name != "login":
            raise NotFound(f'secrets "{name}" not found')
        data = {key: base64.b64encode(text.encode()).decode() for key, text in self.secret.items()}
        return {"metadata": {"name": name, "labels": {LABEL_BROKER_CREDENTIALS: "true"}}, "data": data}

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        form = await request.post()
        self.under_way -= 1
        login = base64.b64encode(f"me:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return web.Response(status=401)
        query = str(form["query"])
        result = [{"metric": {}, "value": [time.time(), query]}] if query.isdigit() else []
        return web.Response(
            body=orjson.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    async with serving(world.answer) as site:
        yield site


@pytest.fixture
async def brokers(world: World) -> AsyncIterator[Brokers]:
    brokers = Brokers(world.read, LIMITS, time.monotonic, time.time)
    yield brokers
    await brokers.close()


def spec(site: Site, named: str = "login", **queries: str) -> QueueSpec:
    prometheus = {"url": site.base, "queries": {"waiting": "7", **queries}}
    return QueueSpec.model_validate({"broker": {"connectionSecretRef": {"name": named}, "prometheus": prometheus}})


async def each(brokers: Brokers, places: list[Place]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    await brokers.observe_each(places, lambda place, seen: found.update({place[1]: seen}))
    return found


async def test_with_the_login_of_its_secret(brokers: Brokers, site: Site) -> None:
    seen = await brokers.observe("shop", "orders", spec(site, running="2"))
    assert (seen.waiting, seen.running) == (estimated(7), estimated(2))


async def test_a_changed_password_is_used_at_the_next_look(brokers: Brokers, site: Site, world: World) -> None:
    await brokers.observe("shop", "orders", spec(site))
    world.password = world.secret["password"] = "new"
    with pytest.raises(CredentialsRefused):
        await brokers.observe("shop", "orders", spec(site))
    await brokers.observe("shop", "orders", spec(site))


async def test_many_together_each_with_what_is_wrong_with_it(brokers: Brokers, site: Site, world: World) -> None:
    fine = {f"orders-{number}": spec(site, waiting=str(number)) for number in range(40)}
    places: list[Place] = [("shop", name, one, 30.0) for name, one in fine.items()]
    places.append(("shop", "secretless", spec(site, named="none"), 30.0))
    found = await each(brokers, places)
    assert all(
        isinstance(seen := found[f"orders-{number}"], Observation) and seen.waiting == estimated(number)
        for number in range(40)
    )
    assert isinstance(found["secretless"], CredentialsMissing)
    assert world.most <= LIMITS.connections


async def test_a_secret_that_the_api_server_does_not_give(brokers: Brokers, site: Site, world: World) -> None:
    world.away = True
    found = await each(brokers, [("shop", "orders", spec(site), 30.0)])
    assert isinstance(found["orders"], BrokerUnreachable)
    assert "the Secret cannot be read" in found["orders"].message


async def test_a_server_that_is_away_is_away_for_all(brokers: Brokers, world: World) -> None:
    async with serving(world.answer) as gone:
        pass
    found = await each(brokers, [("shop", f"orders-{number}", spec(gone), 30.0) for number in range(3)])
    assert all(isinstance(seen, BrokerError) and "Connection refused" in seen.message for seen in found.values())


async def test_queues_of_a_vhost_are_read_together(brokers: Brokers) -> None:
    management = Management()
    async with serving(management.answer) as site:
        rabbitmq = {"managementURL": site.base, "url": "amqp://mq", "vhost": "/shop"}
        jobs = {"broker": {"rabbitmq": rabbitmq}, "deadLetter": {"queueName": "jobs.dead"}}
        specs = {
            "one": QueueSpec.model_validate({**jobs, "queueName": "jobs"}),
            "logs": QueueSpec.model_validate({"broker": {"rabbitmq": rabbitmq}}),
            "none": QueueSpec.model_validate({"broker": {"rabbitmq": rabbitmq}}),
        }
        found = await each(brokers, [("shop", name, one, 30.0) for name, one in specs.items()])
        assert len(management.asked) == 2
        alone = await brokers.observe("shop", "one", specs["one"])
        with pytest.raises(QueueNotFound):
            await brokers.observe("shop", "none", specs["none"])
    together = found["one"]
    assert isinstance(together, Observation), together
    assert (together.waiting, together.dead_letters) == (alone.waiting, alone.dead_letters) == (exact(8), exact(3))
    assert isinstance(found["logs"], Observation)
    assert isinstance(found["none"], QueueNotFound)
