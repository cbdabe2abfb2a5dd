"""A queue whose primary is named by sentinels, read through failovers of a real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from crds.v1 import QueueSpec
from reconciler.brokers import groups, layouts
from reconciler.brokers.connect import Link
from reconciler.brokers.dead_letters.box import Box
from reconciler.brokers.dead_letters.working import Deed, work
from reconciler.brokers.endpoint import Endpoint
from reconciler.brokers.errors import (
    AddressInvalid,
    BrokerError,
    BrokerLoading,
    BrokerUnreachable,
    CredentialsRefused,
    HostRefused,
)
from reconciler.brokers.failover import DOUBT_SECONDS
from reconciler.brokers.links import Links
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.primary import PrimaryLink
from reconciler.brokers.reader import Reader
from reconciler.brokers.redis_list import RedisListObserver
from reconciler.brokers.redis_queue import RedisQueue
from reconciler.brokers.sight import Sight, failed, seen
from reconciler.brokers.together import observe_together
from reconciler.brokers.trust import Secret
from tests.cluster import sentinels, state
from tests.cluster.ports import free_port
from tests.cluster.redis import Redis
from tests.cluster.sentinels import MASTER, Watched
from tests.reconciler.brokers.conftest import LIMITS
from tests.reconciler.brokers.test_trust import secret
from tests.waiting import eventually

PASSWORD = "correct-horse"
QUEUE = RedisQueue("orders")


@pytest.fixture(scope="module")
def shared(servers: state.State) -> Iterator[Watched]:
    """One that no test changes."""
    with sentinels.watched(servers, PASSWORD) as watched:
        yield watched


@pytest.fixture
def watched(servers: state.State) -> Iterator[Watched]:
    """One that a test may break."""
    with sentinels.watched(servers, PASSWORD, sentinel_password="battery-staple") as watched:
        yield watched


@pytest.fixture
async def strict() -> AsyncIterator[Links]:
    """Links that go nowhere near this machine."""
    links = Links(replace(LIMITS, allow_local=False), time.monotonic)
    yield links
    await links.close()


def place(watched: Watched, *more: str, master: str = MASTER, kept: Secret | None = None) -> groups.Sentinels:
    kept = kept or secret(password=PASSWORD, sentinelPassword=watched.sentinel.password)
    return groups.sentinels(master, [*more, watched.sentinel.address], kept)


async def count(links: Links, place: groups.Sentinels) -> Any:
    return (await links.to(place).ask(("LLEN", "orders")))[0]


async def refused(links: Links, place: groups.Sentinels) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        await count(links, place)
    return caught.value


async def fill(server: Redis, key: str, *values: str) -> None:
    """Writes values and waits until the replica has them."""
    async with Client.from_url(server.url) as client:
        await client.lpush(key, *values)
        assert await client.wait(1, 5000) == 1


async def test_the_named_primary_is_read(links: Links, shared: Watched) -> None:
    await fill(shared.primary, "orders", "1", "2", "3")
    link = links.to(place(shared))
    found = await RedisListObserver(link, QUEUE, time.time).observe()
    assert found.waiting == exact(3)
    assert found.identity.role == "master"
    assert link.endpoint.port == shared.primary.port


async def test_queues_are_read_together(links: Links, shared: Watched) -> None:
    await fill(shared.primary, "invoices", "1")
    broker = {"redis": {"layout": "List", "sentinel": {"masterName": MASTER, "addresses": [shared.sentinel.address]}}}
    spec = QueueSpec.model_validate({"broker": broker})
    readers = [
        Reader(partial(layouts.observe, layouts.redis_queue(name, spec), spec, time.time))
        for name in ("invoices", "none")
    ]
    first, second = await observe_together(links.to(place(shared)), readers)
    assert isinstance(first, Observation)
    assert isinstance(second, Observation)
    assert (first.waiting, second.waiting) == (exact(1), exact(0))
    assert first.identity == second.identity
    assert first.identity.run_id


async def test_one_sentinel_that_answers_is_enough(links: Links, shared: Watched) -> None:
    nobody = f"127.0.0.1:{free_port('127.0.0.1')}"
    assert isinstance(await count(links, place(shared, nobody)), int)


async def test_no_sentinel_answers(links: Links, shared: Watched) -> None:
    nobody = groups.sentinels(MASTER, ["127.0.0.1:1"], None)
    error = await refused(links, nobody)
    assert isinstance(error, BrokerUnreachable)
    assert error.message == "no sentinel tells: 127.0.0.1:1: Connection refused"


async def test_a_primary_that_the_sentinels_do_not_know(links: Links, shared: Watched) -> None:
    error = await refused(links, place(shared, master="other"))
    assert isinstance(error, AddressInvalid)
    assert error.message == f'no sentinel tells: the sentinel {shared.sentinel.address} knows no primary "other"'


async def test_a_wrong_password_for_the_primary(links: Links, shared: Watched) -> None:
    error = await refused(links, place(shared, kept=secret(password="wrong-horse")))
    assert isinstance(error, CredentialsRefused)
    assert "wrong-horse" not in error.message


async def test_a_server_that_the_secret_is_not_for(links: Links, shared: Watched) -> None:
    """A sentinel may name any server; the password goes to none that the Secret's owner did not list."""
    kept = secret(password=PASSWORD, hosts=shared.sentinel.address)
    error = await refused(links, place(shared, kept=kept))
    assert isinstance(error, HostRefused)
    assert f"not for 127.0.0.1:{shared.primary.port}" in error.message
    both = secret(password=PASSWORD, hosts=f"{shared.sentinel.address} 127.0.0.1:{shared.primary.port}")
    assert isinstance(await count(links, place(shared, kept=both)), int)


async def test_a_named_server_on_this_node_is_refused(links: Links, strict: Links, shared: Watched) -> None:
    """Though the sentinel itself could be asked."""

    def link_to(endpoint: Endpoint) -> Link:
        return links.get(endpoint) if endpoint.port == shared.sentinel.port else strict.get(endpoint)

    link = PrimaryLink(place(shared), LIMITS, time.monotonic, link_to)
    with pytest.raises(HostRefused, match=r"127\.0\.0\.1 is this node itself"):
        await link.ask(("LLEN", "orders"))


async def test_sentinels_on_this_node_are_refused(strict: Links, shared: Watched) -> None:
    assert isinstance(await refused(strict, place(shared)), HostRefused)


async def test_the_sentinels_own_password(links: Links, watched: Watched) -> None:
    assert isinstance(await count(links, place(watched)), int)
    error = await refused(links, place(watched, kept=secret(password=PASSWORD)))
    assert isinstance(error, CredentialsRefused)
    assert PASSWORD not in error.message


async def test_a_primary_that_dies_is_unknown_and_then_its_successor_is_right(links: Links, watched: Watched) -> None:
    """What pools would see, a look every few milliseconds, with a clock of which a second passes at every look."""
    await fill(watched.primary, "orders", *map(str, range(50)))
    observer = RedisListObserver(links.to(place(watched)), QUEUE, time.time)
    sights = [seen(None, await observer.observe(), 0)]
    watched.primary.kill()

    async def look() -> Sight:
        before, now = sights[-1], float(len(sights))
        try:
            sights.append(seen(before, await observer.observe(), now))
        except (BrokerUnreachable, BrokerLoading) as error:
            sights.append(failed(before, error, now))
        await asyncio.sleep(0.02)
        return sights[-1]

    await eventually("the successor is read", look, lambda sight: sight.error is None, 20)
    first = sights[-1]
    assert any(isinstance(sight.error, BrokerUnreachable) for sight in sights), "it was away for a moment"
    assert first.doubt is not None
    assert first.doubt.why == "another server answers"
    assert {sight.observation.waiting for sight in sights if sight.observation} == {exact(50)}, "never 0"
    for _ in range(int(DOUBT_SECONDS)):
        assert sights[-1].doubt is not None
        await look()
    last = sights[-1]
    assert (last.error, last.doubt) == (None, None)
    assert last.observation is not None
    assert last.observation.waiting == exact(50)
    assert last.observation.identity.role == "master"


async def test_a_failover_by_hand_is_followed_and_written_to(links: Links, watched: Watched) -> None:
    """The old primary lives on as a replica and would answer everything; no letter of it is believed."""
    await fill(watched.primary, "orders:dead", '{"id": "1", "diedIn": "orders"}')
    link = links.to(place(watched))
    assert await Box(link, QUEUE, stream=False).count() == 1
    watched.sentinel.ask("SENTINEL", "FAILOVER", MASTER)

    async def port() -> int:
        with suppress(BrokerUnreachable):
            await link.ask(("TIME",))
        return link.endpoint.port

    await eventually("the new primary is asked", port, lambda port: port == watched.replica.port, 20)
    tally = await work(Box(link, QUEUE, stream=False), Deed.REDRIVE, limit=None, dry=False)
    assert tally.done == 1
    async with Client.from_url(watched.replica.url) as client:
        assert await client.llen("orders") == 1


async def test_a_server_that_is_made_a_replica_is_not_believed(watched: Watched) -> None:
    """Before the sentinels have noticed."""
    await fill(watched.primary, "orders", "1")
    links, target = Links(replace(LIMITS, answer_seconds=0.2, connect_seconds=0.2), time.monotonic), place(watched)
    assert await count(links, target) == 1
    watched.sentinel.pause()
    try:
        async with Client.from_url(watched.primary.url) as client:
            await client.replicaof("127.0.0.1", 1)
        errors = [await refused(links, target) for _ in range(2)]
    finally:
        watched.sentinel.resume()
        await links.close()
    assert {type(error) for error in errors} == {BrokerUnreachable}
