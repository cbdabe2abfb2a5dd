"""The Stream layout against a real Redis."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from reconciler.brokers.connect import Link, Reply
from reconciler.brokers.errors import WrongType
from reconciler.brokers.observation import Method, Observation, estimated, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import RedisQueue
from reconciler.brokers.redis_stream import RedisStreamObserver
from tests.reconciler.brokers.records import record

MAILS = RedisQueue("mails")


async def observed(link: Any, queue: RedisQueue = MAILS) -> Observation:
    return await RedisStreamObserver(link, queue, time.time).observe()


async def add(client: Client, count: int, key: str = "mails", seconds_ago: float = 0, step: float = 0) -> list[bytes]:
    """Jobs whose ids are the times they were added at, `step` seconds apart."""
    first = round((time.time() - seconds_ago) * 1000)
    ids = [f"{first + round(number * step * 1000)}-{number + 1}" for number in range(count)]
    for entry in ids:
        await client.xadd(key, {"job": "{}"}, id=entry)
    return [entry.encode() for entry in ids]


async def take(client: Client, count: int, key: str = "mails", group: str = "workers") -> list[bytes]:
    answer: Any = await client.xreadgroup(group, "pod-1", {key: ">"}, count=count)
    return [entry for entry, _ in answer[0][1]]


class Redis6:
    """A link to a Redis that does not tell lags, as those before 7."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.endpoint, self.identity, self.identified = link.endpoint, None, link.identified

    async def ask(self, *commands: Command) -> list[Reply]:
        replies = list(await self._link.ask(*commands))
        return [
            [group[: group.index(b"entries-read")] for group in reply] if command[:2] == ("XINFO", "GROUPS") else reply
            for command, reply in zip(commands, replies, strict=True)
        ]


async def test_no_stream_is_an_empty_queue(link: Link) -> None:
    seen = await observed(link)
    assert (seen.waiting, seen.running, seen.dead_letters) == (exact(0), exact(0), exact(0))
    assert seen.oldest_enqueued == exact(None)


async def test_a_stream_without_a_group_waits_for_one(link: Link, client: Client) -> None:
    await add(client, 3, seconds_ago=60)
    seen = await observed(link)
    assert (seen.waiting, seen.running) == (estimated(3), exact(0))
    assert seen.oldest_enqueued.value == pytest.approx(time.time() - 60, abs=5)


async def test_lag_waits_and_pending_entries_run(link: Link, client: Client) -> None:
    await client.xgroup_create("mails", "workers", "0", mkstream=True)
    await add(client, 5, seconds_ago=60, step=10)
    await take(client, 2)
    seen = await observed(link)
    assert (seen.waiting, seen.running) == (exact(3), exact(2))
    assert seen.oldest_enqueued.value == pytest.approx(time.time() - 40, abs=5)
    assert (seen.enqueued, seen.finished) == (5, 0)


async def test_finished_entries_are_counted_also_when_deleted(link: Link, client: Client) -> None:
    await client.xgroup_create("mails", "workers", "0", mkstream=True)
    await add(client, 5)
    for entry in await take(client, 3):
        await client.xack("mails", "workers", entry)
        await client.xdel("mails", entry)
    seen = await observed(link)
    assert (seen.waiting, seen.running) == (exact(2), exact(0))
    assert (seen.enqueued, seen.finished) == (5, 3)


async def test_a_group_by_another_name(link: Link, client: Client) -> None:
    await add(client, 4)
    await client.xgroup_create("mails", "others", "$")
    await client.xgroup_create("mails", "senders", "0")
    await take(client, 1, group="senders")
    seen = await observed(link, RedisQueue("mails", consumer_group="senders"))
    assert (seen.waiting, seen.running) == (exact(3), exact(1))


async def test_priorities_are_streams_of_their_own(link: Link, client: Client) -> None:
    await client.xgroup_create("mails:high", "workers", "0", mkstream=True)
    await add(client, 2, "mails:high", seconds_ago=10)
    await add(client, 3, "mails:low", seconds_ago=40)
    seen = await observed(link, RedisQueue("mails", priorities=("high", "low")))
    assert seen.waiting == estimated(5)
    assert seen.oldest_enqueued.value == pytest.approx(time.time() - 40, abs=5)


async def test_a_lag_lost_by_a_deletion_is_counted(link: Link, client: Client) -> None:
    await client.xgroup_create("mails", "workers", "0", mkstream=True)
    entries = await add(client, 6)
    await take(client, 2)
    await client.xdel("mails", entries[4])
    groups = await client.xinfo_groups("mails")
    assert groups[0]["lag"] is None, "Redis still knows its lag: the test shows nothing"
    seen = await observed(link)
    assert (seen.waiting, seen.running) == (exact(3), exact(2))


async def test_a_redis_without_lags_is_counted(link: Link, client: Client) -> None:
    await client.xgroup_create("mails", "workers", "0", mkstream=True)
    await add(client, 5, seconds_ago=60, step=10)
    await take(client, 2)
    seen = await observed(Redis6(link))
    assert (seen.waiting, seen.running) == (exact(3), exact(2))
    assert seen.oldest_enqueued.value == pytest.approx(time.time() - 40, abs=5)
    assert (seen.enqueued, seen.finished) == (None, None)


async def test_a_long_stream_without_lags_is_estimated_from_its_times(link: Link, client: Client) -> None:
    await client.xgroup_create("mails", "workers", "0", mkstream=True)
    await add(client, 1000, seconds_ago=1000, step=1)
    taken = await take(client, 600)
    await client.xack("mails", "workers", *taken)
    seen = await observed(Redis6(link))
    assert seen.waiting == estimated(400)
    assert seen.running == exact(0)


async def test_an_empty_stream_without_lags(link: Link, client: Client) -> None:
    await client.xgroup_create("mails", "workers", "0", mkstream=True)
    assert (await observed(Redis6(link))).waiting == exact(0)


async def test_ids_that_are_no_times_say_nothing_of_age(link: Link, client: Client) -> None:
    await client.xadd("mails", {"job": "{}"}, id="12-1")
    seen = await observed(link)
    assert seen.oldest_enqueued.method is Method.UNKNOWN


async def test_a_huge_entry_does_not_matter(link: Link, client: Client) -> None:
    await client.xadd("mails", {"job": "x" * 3_000_000})
    seen = await observed(link)
    assert seen.waiting == estimated(1)
    assert seen.oldest_enqueued.value == pytest.approx(time.time(), abs=5)


async def test_dead_letters_and_scheduled_jobs(link: Link, client: Client) -> None:
    await client.xadd("mails:dead", {"job": "{}"})
    await client.zadd("mails:scheduled", {"soon": time.time() + 5, "later": time.time() + 900})
    seen = await observed(link)
    assert (seen.dead_letters, seen.scheduled, seen.due) == (exact(1), exact(2), exact(1))


async def test_a_key_of_another_type_is_named_with_the_brokers_words(link: Link, client: Client) -> None:
    await client.lpush("mails", "no stream")
    with pytest.raises(WrongType, match="XLEN mails: WRONGTYPE Operation against a key holding the wrong kind"):
        await observed(link)


async def test_the_jobs_of_each_consumer_are_asked_for_once_a_worker_says_it_has_none(
    link: Link, client: Client
) -> None:
    await client.xgroup_create("mails", "workers", "0", mkstream=True)
    await add(client, 3)
    await take(client, 2)
    assert (await observed(link)).kept == {}
    await client.hset("mails:workers", "pod-1", record("pod-1", time=time.time(), state="Drained"))
    assert (await observed(link)).kept == {"pod-1": 2}
