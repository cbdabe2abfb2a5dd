"""Queues in a Redis Cluster, whose keys are at several nodes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from redis.asyncio import Redis as Client
from redis.asyncio.cluster import RedisCluster
from redis.crc import key_slot

from crds.v1 import QueueSpec
from reconciler.brokers import groups, layouts
from reconciler.brokers.connect import Link
from reconciler.brokers.dead_letters.box import Box
from reconciler.brokers.dead_letters.working import Deed, work
from reconciler.brokers.errors import BrokerError, BrokerUnreachable, HostRefused, ReplyInvalid
from reconciler.brokers.failover import sign
from reconciler.brokers.links import Links
from reconciler.brokers.observation import Identity, Observation, exact
from reconciler.brokers.purging import purge
from reconciler.brokers.reader import Reader
from reconciler.brokers.records import NO_RECORDS
from reconciler.brokers.redis_list import RedisListObserver
from reconciler.brokers.redis_queue import RedisQueue
from reconciler.brokers.together import observe_together
from tests.cluster import sharded, state
from tests.cluster.sharded import Sharded
from tests.reconciler.brokers.conftest import LIMITS
from tests.reconciler.brokers.test_together import SPECS, fill
from tests.reconciler.brokers.test_trust import secret

PASSWORD = "correct-horse"


@pytest.fixture(scope="module")
def shared(servers: state.State) -> Iterator[Sharded]:
    """One whose slots stay where they are, or are put back."""
    with sharded.sharded(servers, PASSWORD) as cluster:
        yield cluster


@pytest.fixture
async def jobs(shared: Sharded) -> AsyncIterator[RedisCluster]:
    """A well-known client of that cluster, empty."""
    async with client_of(shared) as client:
        await client.flushall(target_nodes=RedisCluster.PRIMARIES)
        yield client


def client_of(cluster: Sharded) -> RedisCluster:
    return RedisCluster("127.0.0.1", cluster.high.server.port, password=PASSWORD)


def place(cluster: Sharded, hosts: str | None = None) -> groups.Cluster:
    return groups.cluster([cluster.high.address, "127.0.0.1:1"], secret(password=PASSWORD, hosts=hosts))


def key_in(slots: range, begin: str = "orders") -> str:
    return next(key for key in (f"{begin}-{number}" for number in range(1000)) if key_slot(key.encode()) in slots)


LOW, HIGH = key_in(range(sharded.MIDDLE)), key_in(range(sharded.MIDDLE, sharded.SLOTS))


async def test_keys_of_both_nodes_in_one_question(links: Links, shared: Sharded, jobs: RedisCluster) -> None:
    await jobs.lpush(LOW, "1")
    await jobs.lpush(HIGH, "1", "2")
    answers = await links.to(place(shared)).ask(("LLEN", HIGH), ("LLEN", LOW), ("LINDEX", HIGH, -1), ("TIME",))
    assert list(answers[:3]) == [2, 1, b"1"]
    assert abs(int(answers[3][0]) - time.time()) < 5


async def test_every_layout_says_the_same_as_on_one_server(
    links: Links, link: Link, client: Client, shared: Sharded, jobs: RedisCluster
) -> None:
    both: tuple[Any, Any] = (client, jobs)
    for filled in both:
        await fill(filled)
        await filled.lpush("jobqueue:high_priority", "{}", "{}")
        await filled.lpush("jobqueue:worker:1:processing", "{}")
        await filled.lpush("jobqueue:worker:2:processing", "{}", "{}")
    specs = {**SPECS, "go": QueueSpec.model_validate({"broker": {"redis": {"layout": "GoRedisWorkQueue"}}})}
    readers = [
        Reader(partial(layouts.observe, layouts.redis_queue(name, spec), spec, time.time))
        for name, spec in specs.items()
    ]
    alone, spread = await observe_together(link, readers), await observe_together(links.to(place(shared)), readers)
    for name, one, other in zip(specs, alone, spread, strict=True):
        assert isinstance(one, Observation), name
        assert isinstance(other, Observation), name
        assert abs(one.time - other.time) < 5
        assert _timeless(one) == _timeless(other), name
        assert other.identity.role == "master"
        assert len(other.identity.run_id) == 40


def _timeless(observation: Observation) -> Observation:
    """Without what differs from server to server, and between two moments of filling."""
    common = replace(observation, time=0, identity=Identity(), oldest_enqueued=exact(None))
    return replace(common, workers=NO_RECORDS, records={})


async def test_a_slot_that_moves_is_followed(links: Links, shared: Sharded, jobs: RedisCluster) -> None:
    slot, low, high = key_slot(LOW.encode()), shared.low, shared.high
    link = links.to(place(shared))
    await jobs.lpush(LOW, "1", "2", "3")
    assert await link.ask(("LLEN", LOW)) == [3]
    sharded.begin_move(slot, low, high)
    low.ask("MIGRATE", high.server.address, high.server.port, LOW, 0, 5000, "AUTH", PASSWORD)
    assert await link.ask(("LLEN", HIGH), ("LLEN", LOW), ("LLEN", LOW)) == [0, 3, 3], "ASK, for the key has gone"
    sharded.end_move(slot, low, high)
    assert await link.ask(("LLEN", LOW)) == [3], "MOVED, for the slot has gone"
    assert await link.ask(("LLEN", LOW)) == [3]
    await jobs.delete(LOW)
    sharded.begin_move(slot, high, low)
    sharded.end_move(slot, high, low)
    assert await link.ask(("LLEN", LOW)) == [0]


async def test_a_primary_that_dies_is_away_and_then_another_server(links: Links, servers: state.State) -> None:
    with sharded.sharded(servers, PASSWORD) as cluster:
        link = links.to(place(cluster))
        observer = RedisListObserver(link, RedisQueue(LOW), time.time)
        async with Client.from_url(cluster.low.server.url) as client:
            await client.lpush(LOW, *("x" * 50))
            assert await client.wait(1, 5000) == 1
        before = await observer.observe()
        cluster.low.server.kill()
        with pytest.raises(BrokerUnreachable):
            await observer.observe()
        cluster.take_over()
        after = await observer.observe()
    assert (before.waiting, after.waiting) == (exact(50), exact(50))
    assert sign(before, after) == "another server answers"


async def refused(links: Links, site: groups.Site) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        await links.to(site).ask(("LLEN", LOW))
    return caught.value


async def test_a_node_that_the_secret_is_not_for(links: Links, shared: Sharded) -> None:
    """Nodes name each other; the password goes to none that the Secret's owner did not list."""
    error = await refused(links, place(shared, hosts=f"{shared.high.address} 127.0.0.1:1"))
    assert isinstance(error, HostRefused)
    assert f"not for {shared.low.address}" in error.message


async def test_nodes_on_this_machine_are_refused(shared: Sharded) -> None:
    strict = Links(replace(LIMITS, allow_local=False), time.monotonic)
    assert isinstance(await refused(strict, place(shared)), HostRefused)
    await strict.close()


async def test_a_server_that_is_no_cluster(links: Links, link: Link) -> None:
    error = await refused(links, groups.cluster([f"{link.endpoint.host}:{link.endpoint.port}"], None))
    assert isinstance(error, ReplyInvalid)
    assert error.message.startswith("no node tells: CLUSTER SLOTS: ")
    assert "cluster support disabled" in error.message


async def test_dead_letters_of_a_queue_with_a_hash_tag(links: Links, shared: Sharded, jobs: RedisCluster) -> None:
    queue = RedisQueue("orders", key_prefix="{orders}:", priorities=("high", "low"))
    await jobs.lpush(queue.dead_letters, '{"id": "1", "priority": "high"}', '{"id": "2"}')
    link = links.to(place(shared))
    tally = await work(Box(link, queue, stream=False), Deed.REDRIVE, limit=None, dry=False)
    assert tally.done == 2
    assert [await jobs.llen(lane) for lane in queue.lanes] == [1, 1]
    await purge(link, queue)
    assert [await jobs.llen(lane) for lane in queue.lanes] == [0, 0]


async def test_dead_letters_whose_keys_are_apart(links: Links, shared: Sharded, jobs: RedisCluster) -> None:
    queue = RedisQueue(LOW, dead_letter=HIGH)
    await jobs.lpush(HIGH, '{"id": "1"}')
    with pytest.raises(BrokerError, match="don't hash to the same slot"):
        await work(Box(links.to(place(shared)), queue, stream=False), Deed.REDRIVE, limit=None, dry=False)
    assert await jobs.llen(HIGH) == 1
