"""The generator: open loop, on time, and every job enqueued once, whatever the network does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from examples.load import cli, work
from examples.load.generator import send
from examples.load.ledger import Kind, Place
from examples.load.queue import Queue, QueueClient, ledger_key


class FakeClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_jobs_are_sent_when_they_are_due() -> None:
    clock, sent = FakeClock(), list[tuple[float, str]]()

    async def enqueue(jobs: Sequence[Mapping[str, Any]]) -> int:
        sent.extend((clock.now - 1000, job["id"]) for job in jobs)
        return len(jobs)

    jobs = [{"id": name} for name in "abc"]
    late = await send(enqueue, jobs, [0.0, 1.5, 1.5], clock=clock, sleep=clock.sleep)
    assert sent == [(0.0, "a"), (1.5, "b"), (1.5, "c")]
    assert late == [0.0, 0.0, 0.0]


async def test_a_generator_that_is_held_up_says_how_late_it_was() -> None:
    clock, tries = FakeClock(), 0

    async def enqueue(jobs: Sequence[Mapping[str, Any]]) -> int:
        nonlocal tries
        tries += 1
        if tries <= 4:
            raise RedisConnectionError("away")
        return len(jobs)

    late = await send(enqueue, [{"id": "a"}], [0.0], clock=clock, sleep=clock.sleep)
    assert late == [2.0]


def test_the_kinds_of_work_are_as_many_as_asked_and_the_same_for_a_seed() -> None:
    kind = work.Work(0.5, 0.5, fail_percent=10, dead_percent=5, priorities=("high", "low"))
    jobs = list(work.jobs(kind, "r", "ledger", 2000, seed=1))
    assert jobs == list(work.jobs(kind, "r", "ledger", 2000, seed=1))
    assert len({job["id"] for job in jobs}) == 2000
    assert all(0.25 <= job["seconds"] <= 0.75 for job in jobs)
    assert sum(job.get("fail") == 1 for job in jobs) == pytest.approx(200, abs=50)
    assert sum(job.get("fail") == work.ALWAYS for job in jobs) == pytest.approx(100, abs=40)
    assert {job["priority"] for job in jobs} == {"high", "low"}


@pytest.fixture
async def redis(redis_server: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server) as client:
        yield client


@pytest.mark.parametrize("layout", ["List", "Stream"])
async def test_a_job_sent_twice_is_enqueued_once(redis: Redis, layout: str) -> None:
    client = QueueClient(redis, Queue("q", layout, "p:", ("high", "low")))
    jobs = [{"id": "a", "priority": "high", "text": "ü"}, {"id": "b"}]
    assert await client.enqueue("r", jobs) == 2
    assert await client.enqueue("r", jobs) == 0
    ledger = await client.ledger("r")
    assert [(event.kind, event.job) for event in ledger.events] == [(Kind.ENQUEUED, "a"), (Kind.ENQUEUED, "b")]
    assert sorted(ledger.places[Place.WAITING]) == ["a", "b"]
    assert await redis.exists("p:q:high", "p:q:low") == 2
    assert await redis.ttl(ledger_key("r")) > 24 * 3600


async def test_a_job_knows_when_it_was_enqueued_by_the_brokers_clock(redis: Redis) -> None:
    await QueueClient(redis, Queue("q")).enqueue("r", [{"id": "a"}])
    raw = await redis.lindex("q", 0)
    assert raw is not None
    seconds, _ = await redis.time()
    assert json.loads(raw)["enqueuedAt"] == pytest.approx(seconds, abs=5)


async def test_jobs_are_found_wherever_they_are(redis: Redis) -> None:
    client = QueueClient(redis, Queue("q"))
    await redis.lpush("q:processing:x.1", '{"id": "flying"}')
    await redis.zadd("q:scheduled", {'{"id": "later"}': 1})
    await redis.lpush("q:dead", '{"id": "dead"}', "garbage", '{"id": null}')
    places = (await client.ledger("r")).places
    assert places == {
        Place.WAITING: (),
        Place.SCHEDULED: ("later",),
        Place.IN_FLIGHT: ("flying",),
        Place.DEAD: ("dead",),
    }


def test_the_command_line_sends_and_accounts(
    redis_server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    where = ("--redis", redis_server, "--queue", "q", "--run", "r")
    flags = ("--pattern", "burst+sine", "--jobs", "40", "--duration", "0.5", "--wait", "0", "--ledger", str(ledger))
    assert cli.main(["run", *where, *flags]) == 0
    sent = capsys.readouterr()
    assert "still queued         40" in sent.out
    assert "all sent; the generator was late by p99" in sent.err
    assert cli.main(["report", *where]) == 0
    assert cli.main(["report", "--ledger", str(ledger)]) == 0
    capsys.readouterr()


def test_a_lost_job_fails_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_text('{"time": 1.0, "kind": "enqueued", "job": "a"}\n')
    assert cli.main(["report", "--ledger", str(ledger)]) == 1
    assert "lost                 1  (a)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "flags",
    [("run", "--pattern", "waves"), ("run", "--redis", "redis://127.0.0.1:1/0", "--jobs", "0")],
    ids=["no pattern", "no broker"],
)
def test_what_cannot_be_done_is_said_in_one_line(flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(flags) == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("load: ")
