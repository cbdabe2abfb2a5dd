"""Every library's layout against a real Redis, with keys written as that library writes them."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from crds.v1 import QueueSpec
from reconciler.brokers import layouts
from reconciler.brokers.connect import Link
from reconciler.brokers.errors import WrongType
from reconciler.brokers.observation import UNKNOWN_COUNT, Method, Observation, Signal, estimated, exact

Fill = Callable[[Client], Awaitable[None]]


async def observed(link: Link, layout: str, name: str = "orders", **spec: Any) -> Observation:
    whole = {"broker": {"redis": {"layout": layout, "url": "redis://redis"}}, **spec}
    return await layouts.observer(name, QueueSpec.model_validate(whole), link, time.time).observe()


# Celery: kombu's envelope; the body is base64 of JSON.


def celery_message(routing_key: str, eta: float | None = None, **properties: Any) -> dict[str, Any]:
    when = None if eta is None else datetime.fromtimestamp(time.time() + eta, UTC).isoformat()
    return {
        "body": base64.b64encode(b"[[1], {}, {}]").decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "app.add", "id": str(uuid.uuid4()), "eta": when, "retries": 0},
        "properties": {
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": routing_key},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
            **properties,
        },
    }


async def celery_fetches(client: Client, *messages: dict[str, Any]) -> None:
    for message in messages:
        tag, key = message["properties"]["delivery_tag"], message["properties"]["delivery_info"]["routing_key"]
        await client.hset("unacked", tag, json.dumps([message, "", key]))
        await client.zadd("unacked_index", {tag: time.time()})


async def celery(client: Client) -> None:
    await client.lpush("orders", *(json.dumps(celery_message("orders")) for _ in range(3)))
    await client.lpush("orders\x06\x169", json.dumps(celery_message("orders")))
    await celery_fetches(client, celery_message("orders"), celery_message("orders"), celery_message("mail"))
    await celery_fetches(client, celery_message("orders", eta=10), celery_message("orders", eta=3600))


# RQ: ids in lists and sorted sets, each job a hash.


async def rq(client: Client) -> None:
    for number, ago in enumerate((90, 60, 30)):
        await client.rpush("rq:queue:orders", f"job-{number}")
        enqueued = datetime.fromtimestamp(time.time() - ago, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        await client.hset(f"rq:job:job-{number}", mapping={"enqueued_at": enqueued, "status": "queued"})
    await client.rpush("rq:queue:orders:intermediate", "job-9")
    await client.zadd("rq:wip:orders", {"job-7:1": time.time() + 90, "job-8:1": time.time() + 90})
    await client.zadd("rq:scheduled:orders", {"soon": time.time() + 10, "later": time.time() + 3600})
    await client.zadd("rq:failed:orders", {"dead": time.time() + 86_400})


async def bullmq(client: Client) -> None:
    for number, ago in enumerate((90, 60, 30), start=1):
        await client.lpush("bull:orders:wait", number)
        await client.hset(f"bull:orders:{number}", "timestamp", round((time.time() - ago) * 1000))
    await client.lpush("bull:orders:active", 4, 5, 6)
    now = time.time() * 1000
    await client.zadd("bull:orders:delayed", {"7": (now + 10_000) * 4096, "8": (now + 3_600_000) * 4096})
    await client.zadd("bull:orders:failed", {"9": now})
    await client.set("bull:orders:id", 20)


async def asynq(client: Client) -> None:
    for number, ago in enumerate((90, 60, 30)):
        await client.lpush("asynq:{orders}:pending", f"task-{number}")
        fields: dict[Any, Any] = {"state": "pending", "pending_since": time.time_ns() - ago * 1_000_000_000}
        await client.hset(f"asynq:{{orders}}:t:task-{number}", mapping=fields)
    await client.lpush("asynq:{orders}:active", "task-7", "task-8", "task-9")
    await client.zadd("asynq:{orders}:scheduled", {"soon": time.time() + 10})
    await client.zadd("asynq:{orders}:retry", {"later": time.time() + 3600})
    await client.zadd("asynq:{orders}:archived", {"dead": time.time()})
    await client.set("asynq:{orders}:processed", 40)


def sidekiq_job(queue: str = "orders", ago: float = 0) -> str:
    return json.dumps({"queue": queue, "class": "Hard", "args": [], "enqueued_at": round((time.time() - ago) * 1000)})


async def sidekiq(client: Client) -> None:
    await client.lpush("queue:orders", sidekiq_job(ago=90), sidekiq_job(ago=60), sidekiq_job(ago=30))
    process = "worker-5d9f:1:0a1b2c3d4e5f"
    await client.sadd("processes", process)
    works = [("orders", 1), ("orders", 2), ("mail", 3), ("orders", 4)]
    for queue, thread in works:
        work = {"queue": queue, "payload": sidekiq_job(queue), "run_at": time.time()}
        await client.hset(f"{process}:work", f"tid{thread}", json.dumps(work))
    await client.zadd("schedule", {sidekiq_job(): time.time() + 10, sidekiq_job("mail"): time.time() + 10})
    await client.zadd("retry", {sidekiq_job(): time.time() + 3600})
    await client.zadd("dead", {sidekiq_job(): time.time(), sidekiq_job("mail"): time.time()})


async def go_redis_work_queue(client: Client) -> None:
    def job(ago: float) -> str:
        created = datetime.fromtimestamp(time.time() - ago, UTC).isoformat()
        return json.dumps({"id": "1", "filepath": "/x", "priority": "low", "retries": 0, "creation_time": created})

    await client.lpush("jobqueue:low_priority", job(90), job(60))
    await client.lpush("jobqueue:high_priority", job(30))
    for number in range(3):
        worker = f"pod-1-7-1800000000000000000-ab12-{number}"
        await client.lpush(f"jobqueue:worker:{worker}:processing", job(5))
        await client.set(f"jobqueue:processing:worker:{worker}", job(5), ex=30)
    await client.lpush("jobqueue:completed", *(job(100) for _ in range(39)))
    await client.lpush("jobqueue:dead_letter", job(100))


ONE_DEAD, TWO, ONE = exact(1), exact(2), exact(1)
LIBRARIES: dict[str, tuple[str, Fill, Mapping[str, Signal[int]], int | None]] = {
    "Celery": (
        "Celery",
        celery,
        {
            "waiting": exact(4),
            "running": estimated(2),
            "scheduled": estimated(2),
            "due": estimated(1),
            "dead_letters": UNKNOWN_COUNT,
        },
        None,
    ),
    "RQ": (
        "RQ",
        rq,
        {"waiting": exact(3), "running": exact(3), "scheduled": TWO, "due": ONE, "dead_letters": ONE_DEAD},
        None,
    ),
    "BullMQ": (
        "BullMQ",
        bullmq,
        {"waiting": exact(3), "running": exact(3), "scheduled": TWO, "due": ONE, "dead_letters": ONE_DEAD},
        12,
    ),
    "Asynq": (
        "Asynq",
        asynq,
        {"waiting": exact(3), "running": exact(3), "scheduled": TWO, "due": ONE, "dead_letters": ONE_DEAD},
        40,
    ),
    "Sidekiq": (
        "Sidekiq",
        sidekiq,
        {"waiting": exact(3), "running": exact(3), "scheduled": TWO, "due": ONE, "dead_letters": ONE_DEAD},
        None,
    ),
    "go-redis-work-queue": (
        "GoRedisWorkQueue",
        go_redis_work_queue,
        {"waiting": exact(3), "running": exact(3), "scheduled": exact(0), "due": exact(0), "dead_letters": ONE_DEAD},
        40,
    ),
}


@pytest.mark.parametrize(("layout", "fill", "want", "finished"), LIBRARIES.values(), ids=LIBRARIES.keys())
async def test_a_library_is_read(
    link: Link, client: Client, layout: str, fill: Fill, want: Mapping[str, Signal[int]], finished: int | None
) -> None:
    await fill(client)
    seen = await observed(link, layout)
    assert {name: getattr(seen, name) for name in want} == want
    assert seen.finished == finished
    if layout == "Celery":
        assert seen.oldest_enqueued.method is Method.UNKNOWN, "its messages do not say"
    else:
        assert seen.oldest_enqueued.method is Method.EXACT
        assert seen.oldest_enqueued.value == pytest.approx(time.time() - 90, abs=5)


SOON = {layout: fill for layout, fill, *_ in LIBRARIES.values() if layout != "GoRedisWorkQueue"}


@pytest.mark.parametrize("layout", SOON)
async def test_what_is_due_is_counted_as_far_ahead_as_pods_take_to_start(
    link: Link, client: Client, layout: str
) -> None:
    """One job is due in 10 s and one in an hour."""
    await SOON[layout](client)
    spec = QueueSpec.model_validate({"broker": {"redis": {"layout": layout, "url": "redis://redis"}}})
    for seconds, want in ((5.0, 0), (32.0, 1), (3700.0, 2)):
        seen = await layouts.observer("orders", spec, link, time.time, seconds).observe()
        assert (seen.due.value, seen.due_seconds) == (want, seconds)


@pytest.mark.parametrize("layout", [layout for layout, *_ in LIBRARIES.values()])
async def test_an_empty_queue_is_known_to_be_empty(link: Link, layout: str) -> None:
    seen = await observed(link, layout)
    assert seen.waiting == exact(0)
    assert seen.running.value == 0
    assert seen.oldest_enqueued == exact(None)
    assert len(seen.identity.run_id) == 40


WAITING = {
    "Celery": "orders",
    "RQ": "rq:queue:orders",
    "BullMQ": "bull:orders:wait",
    "Asynq": "asynq:{orders}:pending",
    "Sidekiq": "queue:orders",
    "GoRedisWorkQueue": "jobqueue:high_priority",
}


@pytest.mark.parametrize(("layout", "key"), WAITING.items(), ids=WAITING.keys())
async def test_a_key_of_another_type_is_an_error_and_not_zero(
    link: Link, client: Client, layout: str, key: str
) -> None:
    await client.set(key, "something of the application's own")
    with pytest.raises(WrongType, match="WRONGTYPE"):
        await observed(link, layout)


@pytest.mark.parametrize(("layout", "key"), WAITING.items(), ids=WAITING.keys())
async def test_garbage_among_the_jobs_makes_their_age_unknown_and_no_more(
    link: Link, client: Client, layout: str, key: str
) -> None:
    await client.lpush(key, b"\xff\x00 no job at all")
    seen = await observed(link, layout)
    assert seen.waiting == exact(1)
    assert seen.oldest_enqueued.method is Method.UNKNOWN


@pytest.mark.parametrize(
    ("layout", "key"),
    [
        ("Celery", "app:orders"),
        ("RQ", "app:queue:orders"),
        ("BullMQ", "app:orders:wait"),
        ("Sidekiq", "app:queue:orders"),
    ],
)
async def test_a_prefix_of_the_applications_own(link: Link, client: Client, layout: str, key: str) -> None:
    await client.lpush(key, "1", "2")
    broker = {"redis": {"layout": layout, "url": "redis://redis", "keyPrefix": "app:"}}
    assert (await observed(link, layout, broker=broker)).waiting == exact(2)


async def test_celery_messages_that_say_when_they_were_sent(link: Link, client: Client) -> None:
    sent = [celery_message("orders", published_at=time.time() - ago) for ago in (90, 30)]
    await client.lpush("orders", *map(json.dumps, sent))
    assert (await observed(link, "Celery")).oldest_enqueued.value == pytest.approx(time.time() - 90, abs=5)


async def test_of_many_fetched_messages_a_part_is_looked_at(
    link: Link, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.brokers.libraries.celery.SAMPLE", 200)
    messages: dict[Any, Any] = {
        str(number): json.dumps(
            [celery_message("orders" if number % 2 else "mail"), "", "orders" if number % 2 else "mail"]
        )
        for number in range(2000)
    }
    await client.hset("unacked", mapping=messages)
    running = (await observed(link, "Celery")).running
    assert running.method is Method.ESTIMATED
    assert running.value == pytest.approx(1000, rel=0.4)


async def test_prioritized_jobs_wait_too_and_hide_who_is_oldest(link: Link, client: Client) -> None:
    await bullmq(client)
    await client.zadd("bull:orders:prioritized", {"30": 1, "31": 2})
    seen = await observed(link, "BullMQ")
    assert seen.waiting == exact(5)
    assert seen.oldest_enqueued.method is Method.ESTIMATED


async def test_long_sets_of_sidekiq_are_scaled_up(link: Link, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.brokers.libraries.sidekiq.SAMPLE", 10)
    await client.zadd("dead", {json.dumps({"queue": "orders" if n % 2 else "mail", "jid": n}): n for n in range(100)})
    assert (await observed(link, "Sidekiq")).dead_letters == estimated(50)
