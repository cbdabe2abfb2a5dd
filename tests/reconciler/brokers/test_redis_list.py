"""The List layout against a real Redis."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from reconciler.brokers.connect import Link
from reconciler.brokers.errors import WrongType
from reconciler.brokers.observation import Method, Observation, estimated, exact
from reconciler.brokers.redis_list import RedisListObserver
from reconciler.brokers.redis_queue import RedisQueue
from tests.reconciler.brokers.records import record

ORDERS = RedisQueue("orders")


async def observed(link: Link, queue: RedisQueue = ORDERS) -> Observation:
    return await RedisListObserver(link, queue, time.time).observe()


def job(seconds_ago: float = 0, **more: Any) -> str:
    return json.dumps({"id": "1", "enqueuedAt": time.time() - seconds_ago, **more})


async def works(client: Client, instance: str, jobs: int = 0, *, accounts: bool = True, **changes: Any) -> None:
    """A worker that has written its record, and keeps its jobs in a list when it keeps an account."""
    if accounts:
        changes["inFlight"] = f"orders:processing:{instance}"
    await client.hset("orders:workers", instance, record(instance, **{"time": time.time(), **changes}))
    if jobs:
        await client.lpush(f"orders:processing:{instance}", *(job() for _ in range(jobs)))


async def test_an_empty_queue_is_known_to_be_empty_but_not_what_runs(link: Link) -> None:
    seen = await observed(link)
    assert (seen.waiting, seen.scheduled, seen.due, seen.dead_letters) == (exact(0), exact(0), exact(0), exact(0))
    assert seen.oldest_enqueued == exact(None)
    assert seen.running.method is Method.UNKNOWN
    assert seen.running.value is None


async def test_waiting_jobs_and_the_age_of_the_oldest(link: Link, client: Client) -> None:
    await client.lpush("orders", job(90), job(60), job(30))
    seen = await observed(link)
    assert seen.waiting == exact(3)
    assert seen.oldest_enqueued.method is Method.EXACT
    assert seen.oldest_enqueued.value == pytest.approx(time.time() - 90, abs=5)


async def test_time_and_identity_are_the_brokers(link: Link, client: Client) -> None:
    seen = await observed(link)
    seconds, _ = await client.time()
    assert abs(seen.time - seconds) < 5
    assert len(seen.identity.run_id) == 40
    assert len(seen.identity.replication_id) == 40
    assert seen.identity.role == "master"


async def test_priorities_are_lists_of_their_own(link: Link, client: Client) -> None:
    await client.lpush("media:orders:high", job(10))
    await client.lpush("media:orders:low", job(40), job(20))
    queue = RedisQueue("orders", key_prefix="media:", priorities=("high", "low"))
    seen = await observed(link, queue)
    assert seen.waiting == exact(3)
    assert seen.oldest_enqueued.value == pytest.approx(time.time() - 40, abs=5)


async def test_a_job_without_a_time_makes_the_age_unknown(link: Link, client: Client) -> None:
    await client.lpush("orders", "no json at all")
    seen = await observed(link)
    assert seen.waiting == exact(1)
    assert seen.oldest_enqueued.method is Method.UNKNOWN


async def test_one_lane_without_a_time_makes_the_age_an_estimate(link: Link, client: Client) -> None:
    await client.lpush("orders:high", "no json at all")
    await client.lpush("orders:low", job(40))
    seen = await observed(link, RedisQueue("orders", priorities=("high", "low")))
    assert seen.oldest_enqueued.method is Method.ESTIMATED


async def test_a_huge_job_costs_its_age_and_nothing_else(link: Link, client: Client) -> None:
    await client.lpush("orders", job(90, body="x" * 3_000_000))
    seen = await observed(link)
    assert seen.waiting == exact(1)
    assert seen.oldest_enqueued.method is Method.UNKNOWN


async def test_jobs_in_flight_lie_in_the_lists_of_the_instances(link: Link, client: Client) -> None:
    await works(client, "pod-1.aaaaaaaa", 3)
    await works(client, "pod-2.bbbbbbbb", 0)
    assert (await observed(link)).running == exact(3)


async def test_a_drained_worker_is_not_believed_while_its_list_has_jobs(link: Link, client: Client) -> None:
    await works(client, "pod-1.aaaaaaaa", 1, state="Drained")
    await works(client, "pod-2.bbbbbbbb", 0, state="Drained")
    assert (await observed(link)).kept == {"pod-1.aaaaaaaa": 1, "pod-2.bbbbbbbb": 0}


async def test_jobs_of_a_dead_worker_are_still_in_flight(link: Link, client: Client) -> None:
    await works(client, "pod-1.aaaaaaaa", 2, time=time.time() - 3600)
    assert (await observed(link)).running == exact(2)


async def test_what_workers_tell_of_a_queue_without_lists_is_an_estimate(link: Link, client: Client) -> None:
    await works(client, "pod-1.aaaaaaaa", accounts=False, running=2, held=1)
    await works(client, "pod-2.bbbbbbbb", accounts=False, running=4, time=time.time() - 3600)
    assert (await observed(link)).running == estimated(3)


async def test_an_unreadable_record_makes_what_runs_an_estimate(link: Link, client: Client) -> None:
    await works(client, "pod-1.aaaaaaaa", 1)
    await client.hset("orders:workers", "pod-2.bbbbbbbb", "garbage")
    assert (await observed(link)).running == estimated(1)


async def test_a_records_word_stands_in_where_its_list_is_something_else(link: Link, client: Client) -> None:
    await works(client, "pod-1.aaaaaaaa", running=2)
    await client.set("orders:processing:pod-1.aaaaaaaa", "no list")
    assert (await observed(link)).running == estimated(2)


async def test_a_processing_list_of_somebody_elses_worker(link: Link, client: Client) -> None:
    queue = RedisQueue("orders", processing_key="orders:doing")
    assert (await observed(link, queue)).running == exact(0)
    await client.lpush("orders:doing", job(), job())
    assert (await observed(link, queue)).running == exact(2)


async def test_more_records_than_are_read_are_estimated(
    link: Link, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.brokers.redis_queue.RECORDS", 2)
    for number in range(6):
        await works(client, f"pod-{number}.aaaaaaaa", 3)
    seen = await observed(link)
    assert (len(seen.records), seen.records_left_out) == (2, 4)
    assert seen.running == estimated(18)


async def test_a_thousand_records_are_read_in_one_go(link: Link, client: Client) -> None:
    names = [f"pod-{number}.aaaaaaaa" for number in range(1000)]
    await client.hset("orders:workers", mapping={name: record(name, time=time.time()) for name in names})
    seen = await observed(link)
    assert (len(seen.records), seen.records_left_out) == (1000, 0)


async def test_scheduled_jobs_and_those_that_are_due(link: Link, client: Client) -> None:
    now = time.time()
    await client.zadd("orders:scheduled", {"over": now - 60, "soon": now + 20, "later": now + 600})
    seen = await observed(link)
    assert (seen.scheduled, seen.due) == (exact(3), exact(2))


@pytest.mark.parametrize(("dead_letter", "key"), [("", "media:orders:dead"), ("failed", "media:failed")])
async def test_dead_letters(link: Link, client: Client, dead_letter: str, key: str) -> None:
    await client.lpush(key, job(), job())
    queue = RedisQueue("orders", key_prefix="media:", dead_letter=dead_letter)
    assert (await observed(link, queue)).dead_letters == exact(2)


async def test_a_key_of_another_type_is_named_with_the_brokers_words(link: Link, client: Client) -> None:
    await client.set("orders", "no list")
    with pytest.raises(WrongType) as caught:
        await observed(link)
    assert caught.value.message == ("LLEN orders: WRONGTYPE Operation against a key holding the wrong kind of value")


async def test_a_side_key_of_another_type_is_unknown_and_no_more(link: Link, client: Client) -> None:
    for key in ("orders:dead", "orders:scheduled", "orders:workers"):
        await client.set(key, "something of the application's own")
    await client.lpush("orders", job())
    seen = await observed(link)
    assert seen.waiting == exact(1)
    assert {seen.dead_letters.method, seen.scheduled.method, seen.due.method} == {Method.UNKNOWN}
    assert seen.records == {}
