"""A real Redis to read from, and a client to fill it with."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis as Client

from reconciler.brokers.connect import Limits, Link
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.links import Links
from tests.cluster import redis, state
from tests.cluster.redis import Redis

LIMITS = Limits(connect_seconds=2, answer_seconds=2, retry_seconds=0, allow_local=True)


@pytest.fixture(scope="module")
def shared_server(servers: state.State) -> Iterator[Redis]:
    with redis.running(servers) as server:
        yield server


@pytest.fixture
async def client(shared_server: Redis) -> AsyncIterator[Client]:
    """A client of an empty Redis, which the module's tests share."""
    client = Client.from_url(shared_server.url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    links = Links(LIMITS, time.monotonic)
    yield links
    await links.close()


@pytest.fixture
def link(shared_server: Redis, links: Links, client: Client) -> Link:
    """A link to that empty Redis."""
    return links.get(endpoint(shared_server))


def endpoint(server: Redis, username: str = "", password: str | None = None) -> Endpoint:
    return Endpoint(server.address, server.port, 0, username, server.password if password is None else password)
