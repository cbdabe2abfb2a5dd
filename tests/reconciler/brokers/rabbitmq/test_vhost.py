"""Queues of a vhost, read from a server that says what RabbitMQ's has said."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from aiohttp import web

from reconciler.brokers.connect import Limits
from reconciler.brokers.errors import (
    AddressInvalid,
    BrokerError,
    BrokerLoading,
    BrokerUnreachable,
    CredentialsRefused,
    QueueNotFound,
    ReplyInvalid,
)
from reconciler.brokers.observation import Observation, estimated, exact
from reconciler.brokers.observer import Found
from reconciler.brokers.rabbitmq.listing import PAGE_SIZE
from reconciler.brokers.rabbitmq.vhost import MOST_BYTES, Wanted, observe
from reconciler.brokers.web.client import Client
from tests.reconciler.brokers.conftest import LIMITS
from tests.reconciler.brokers.rabbitmq import recorded
from tests.reconciler.brokers.web.serving import serving


@dataclass
class Management:
    """Lists those of its queues that match, as RabbitMQ does: by a pattern, whatever the case of letters."""

    queues: bytes = recorded.QUEUES
    consumers: bytes = recorded.CONSUMERS
    refusal: tuple[int, bytes] | None = None
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.asked.append(request.raw_path)
        if self.refusal is not None:
            return web.Response(status=self.refusal[0], body=self.refusal[1])
        if len(request.raw_path) > recorded.TOO_LONG:
            return web.Response(status=414)
        if request.raw_path.startswith("/api/consumers/%2Fshop?"):
            return web.Response(body=self.consumers)
        if request.raw_path.startswith("/api/queues/%2Fshop?"):
            return web.Response(body=self._matching(request.query["name"]))
        return web.Response(status=404, body=recorded.NOT_FOUND)

    def _matching(self, pattern: str) -> bytes:
        whole = orjson.loads(self.queues)
        whole["items"] = [one for one in whole["items"] if re.search(pattern, one["name"], re.IGNORECASE)]
        return orjson.dumps(whole)


@pytest.fixture
def management() -> Management:
    return Management()


@pytest.fixture
async def client(management: Management) -> AsyncIterator[Client]:
    async with serving(management.answer) as site:
        client = Client(site, LIMITS, time.monotonic)
        yield client
        await client.close()


async def read(client: Client, *wanted: Wanted, vhost: str = "/shop") -> list[Found]:
    return await observe(client, vhost, wanted, time.time)


async def one(client: Client, name: str, dead_letters: str = "") -> Found:
    (found,) = await read(client, Wanted(name, dead_letters))
    return found


async def test_a_queue_and_its_dead_letters(client: Client) -> None:
    seen = await one(client, "jobs", "jobs.dead")
    assert isinstance(seen, Observation), seen
    assert (seen.waiting, seen.running, seen.dead_letters) == (exact(8), estimated(4), exact(3))
    assert (seen.finished, seen.counting, seen.enqueued) == (6, "Estimated", None)
    assert abs(seen.time - time.time()) < 5, "it is the server's time"
    assert not seen.unclear
    assert not seen.kept, "an account of connections proves nothing of a pod"


async def test_what_nobody_acknowledges_is_not_known_to_run(client: Client) -> None:
    seen = await one(client, "logs")
    assert isinstance(seen, Observation), seen
    assert (seen.waiting, seen.running.value, seen.finished) == (exact(0), None, 20)
    assert "acknowledged on delivery" in seen.refused
    assert seen.unclear


async def test_a_queue_that_nobody_has_taken_from_yet(client: Client) -> None:
    seen = await one(client, "quorum", "nowhere")
    assert isinstance(seen, Observation), seen
    assert (seen.waiting, seen.finished, seen.dead_letters.value) == (exact(20), 0, None)


async def test_many_queues_are_read_in_two_questions(client: Client, management: Management) -> None:
    found = await read(client, *(Wanted(name, "jobs.dead") for name in ("jobs", "logs", "quorum", "newborn", "none")))
    assert len(management.asked) == 2
    assert [type(seen) for seen in found] == [Observation, Observation, Observation, BrokerLoading, QueueNotFound]


async def test_a_thousand_names_fit_into_addresses(client: Client, management: Management) -> None:
    names = [f"some.queue/of+ours.{number}" for number in range(1000)]
    found = await read(client, Wanted("jobs"), *map(Wanted, names))
    assert len(management.asked) < 20
    assert isinstance(found[0], Observation)
    assert all(isinstance(seen, QueueNotFound) for seen in found[1:])


async def test_long_names_fit_into_addresses_too(client: Client) -> None:
    found = await read(client, *(Wanted(f"{'ü(' * 100}{number}") for number in range(50)))
    assert all(isinstance(seen, QueueNotFound) for seen in found)


async def test_a_name_is_taken_as_it_is_written(client: Client) -> None:
    for name in ("job.", "JOBS", "jobs|logs", "^jobs"):
        assert isinstance(await one(client, name), QueueNotFound), name


@pytest.mark.parametrize(
    ("status", "body", "kind", "want"),
    [
        pytest.param(401, recorded.LOGIN_FAILED, CredentialsRefused, "Login failed", id="a wrong password"),
        pytest.param(401, recorded.NO_MANAGEMENT, CredentialsRefused, "Not management user", id="a user without tag"),
        pytest.param(401, recorded.NO_VHOST, CredentialsRefused, "not authorised to access", id="another's vhost"),
        pytest.param(404, recorded.NOT_FOUND, AddressInvalid, "no such vhost, or no management", id="no vhost"),
        pytest.param(200, b"<html>", ReplyInvalid, "is none of a management API", id="a page"),
        pytest.param(200, b"{}", ReplyInvalid, "the listing of queues holds none", id="no listing"),
        pytest.param(500, recorded.NOT_FOUND, ReplyInvalid, "the answer (500)", id="trouble of its own"),
    ],
)
async def test_what_keeps_all_from_being_read(
    client: Client, management: Management, status: int, body: bytes, kind: type[BrokerError], want: str
) -> None:
    management.refusal = (status, body)
    for seen in await read(client, Wanted("jobs"), Wanted("logs")):
        assert isinstance(seen, kind), seen
        assert want in seen.message


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        pytest.param({"state": "down"}, BrokerUnreachable, id="its node is down"),
        pytest.param({"state": "minority"}, BrokerUnreachable, id="most of its replicas are"),
        pytest.param({"messages_ready": None}, BrokerLoading, id="a count is missing"),
        pytest.param({"messages_unacknowledged": "4"}, BrokerLoading, id="a count is none"),
        pytest.param({"messages_ready": -1}, BrokerLoading, id="a count that cannot be"),
    ],
)
async def test_numbers_that_are_not_believed(
    client: Client, management: Management, changed: dict[str, Any], kind: type[BrokerError]
) -> None:
    whole = orjson.loads(recorded.QUEUES)
    whole["items"][0] |= changed
    management.queues = orjson.dumps(whole)
    assert isinstance(await one(client, "jobs"), kind)


async def test_consumers_that_are_too_many_to_be_told(client: Client, management: Management) -> None:
    management.consumers = b"[" + b" " * MOST_BYTES + b"]"
    seen = await one(client, "jobs")
    assert isinstance(seen, Observation), seen
    assert seen.running.value is None
    assert "which consumers acknowledge is not known" in seen.refused


async def test_more_names_than_a_page_holds(client: Client, management: Management) -> None:
    management.queues = recorded.QUEUES.replace(b'"page_count":1', b'"page_count":2')
    seen = await one(client, "jobs")
    assert isinstance(seen, ReplyInvalid)
    assert f"more than {PAGE_SIZE} queues" in seen.message


async def test_a_server_that_is_away(management: Management) -> None:
    async with serving(management.answer) as site:
        pass
    client = Client(site, Limits(allow_local=True, retry_seconds=0), time.monotonic)
    assert isinstance(await one(client, "jobs"), BrokerUnreachable)
    await client.close()
