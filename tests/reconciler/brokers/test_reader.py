"""A queue that is read again says the same as one that is read for the first time, at less cost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from reconciler.brokers import layouts
from reconciler.brokers.connect import Link, Reply
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.reader import COMMON, Common, Reader
from reconciler.brokers.records import STALE_SECONDS
from reconciler.brokers.redis_queue import DUE_SECONDS
from reconciler.brokers.together import observe_together
from tests.reconciler.brokers.records import record
from tests.reconciler.brokers.test_together import Counting, spec_of

Change = Callable[[Client], Awaitable[Any]]
WORKERS = "orders:workers"


def reader(layout: str = "List") -> Reader:
    spec = spec_of(layout)
    return Reader(partial(layouts.observe, layouts.redis_queue("orders", spec), spec, time.time))


async def read(link: Link, one: Reader) -> Observation:
    (found,) = await observe_together(link, [one])
    assert isinstance(found, Observation)
    return found


@pytest.fixture
async def counting(link: Link) -> Any:
    link = Counting(link.endpoint, link._limits, time.monotonic)
    yield link
    await link.close()


def job(number: int) -> str:
    return json.dumps({"id": str(number), "enqueuedAt": time.time()})


CHANGES: Mapping[str, Change] = {
    "nothing happens": lambda client: client.ping(),
    "a job comes": lambda client: client.lpush("orders", job(1)),
    "another comes": lambda client: client.lpush("orders", job(2)),
    "a worker begins": lambda client: client.hset(WORKERS, "p-1.0a", told(running=1)),
    "it takes one": lambda client: client.lmove("orders", "orders:doing", "RIGHT", "LEFT"),
    "nothing happens then": lambda client: client.ping(),
    "it tells that it lives": lambda client: client.hset(WORKERS, "p-1.0a", told(running=1)),
    "it tells so once more": lambda client: client.hset(WORKERS, "p-1.0a", told(running=1)),
    "it tells again": lambda client: client.hset(WORKERS, "p-1.0a", told(running=1, started=2)),
    "a second worker begins": lambda client: client.hset(WORKERS, "p-2.0a", told("p-2.0a", inFlight="orders:two")),
    "and takes one": lambda client: client.lmove("orders", "orders:two", "RIGHT", "LEFT"),
    "the first one ends": lambda client: client.hdel(WORKERS, "p-1.0a"),
    "somebody writes garbage": lambda client: client.hset(WORKERS, "p-3.0a", "garbage"),
    "a job is put off": lambda client: client.zadd("orders:scheduled", {"later": time.time() + 5}),
    "one died": lambda client: client.lpush("orders:dead", job(3)),
    "all is deleted": lambda client: client.flushdb(),
    "a stream begins": lambda client: client.xadd("orders", {"id": "1"}),
}


def told(instance: str = "p-1.0a", **fields: Any) -> str:
    return record(instance, **{"time": time.time(), "inFlight": "orders:doing", **fields}).decode()


@pytest.mark.parametrize("layout", ["List", "Stream", "Sidekiq"])
async def test_the_same_as_by_a_new_reader_whatever_happens(layout: str, link: Link, client: Client) -> None:
    one = reader(layout)
    for what, change in CHANGES.items():
        await change(client)
        for _ in range(3):
            again, anew = [(await observe_together(link, [each]))[0] for each in (one, reader(layout))]
            if not isinstance(anew, Observation):
                assert type(again) is type(anew), what
                continue
            assert isinstance(again, Observation), what
            assert 0 <= anew.time - again.time < 5, what
            assert replace(again, time=anew.time) == anew, what


async def test_from_the_third_reading_on_one_round_trip_is_enough(counting: Counting, client: Client) -> None:
    one = reader()
    await client.hset(WORKERS, "p-1.0a", told(running=1))
    await client.lpush("orders:doing", job(1))
    trips = []
    for _ in range(4):
        before = counting.trips
        assert (await read(counting, one)).running == exact(1)
        trips.append(counting.trips - before)
    assert trips == [2, 2, 1, 1]


async def test_where_nothing_has_changed_nothing_is_parsed_again(link: Link, client: Client) -> None:
    await client.lpush("orders", job(1))
    await client.hset(WORKERS, "p-1.0a", told(inFlight=""))
    one = reader()
    readings = [await read(link, one) for _ in range(5)]
    assert readings[2].time < readings[3].time < readings[4].time
    assert readings[2].workers is readings[3].workers is readings[4].workers
    await client.hset(WORKERS, "p-1.0a", told(inFlight="", started=9))
    (told_anew,) = (await read(link, one)).workers.fresh.values()
    assert told_anew.started == 9


async def test_where_workers_tell_only_that_they_live_only_that_is_read(link: Link, client: Client) -> None:
    await client.lpush("orders:doing", job(1))
    one, beats = reader(), []
    for _ in range(5):
        await client.hset(WORKERS, "p-1.0a", told(running=1))
        beats.append(await read(link, one))
    assert [seen.running for seen in beats] == [exact(1)] * 5
    times = [record.time for seen in beats for record in seen.workers.fresh.values()]
    assert times == sorted({*times}), "each has the record as it was written last"
    assert beats[2].kept is beats[3].kept is beats[4].kept
    await client.rpop("orders:doing")
    await client.hset(WORKERS, "p-1.0a", told(running=0))
    assert (await read(link, one)).running == exact(0)


class Late(Link):
    """A link that keeps its first answers to itself for a while."""

    def __init__(self, like: Link) -> None:
        super().__init__(like.endpoint, like._limits, time.monotonic)
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def ask_together(self, questions: Sequence[Sequence[Command]]) -> Sequence[Sequence[Reply]]:
        answers = await super().ask_together(questions)
        self.asked.set()
        await self.go_on.wait()
        return answers


@pytest.mark.parametrize("known", range(4))
async def test_a_reading_that_another_has_overtaken_leaves_no_wrong_memory(
    known: int, link: Link, client: Client
) -> None:
    one, late = reader(), Late(link)
    for _ in range(4):
        await read(link, one)
    await client.hset(WORKERS, "p-1.0a", told(running=1))
    await client.lpush("orders:doing", job(1))
    for _ in range(known):
        await read(link, one)
    overtaken = asyncio.create_task(read(late, one))
    await late.asked.wait()
    assert (await read(link, one)).running == exact(1)
    late.go_on.set()
    assert (await overtaken).running == exact(1)
    for _ in range(4):
        assert (await read(link, one)).running == exact(1)
    await late.close()


async def test_a_record_becomes_stale_in_time_though_every_answer_is_the_same(link: Link, client: Client) -> None:
    await client.hset(WORKERS, "p-1.0a", told(time=time.time() - STALE_SECONDS + 1, inFlight=""))
    one = reader()
    assert (await read(link, one)).workers.fresh
    deadline = time.monotonic() + 10
    while (seen := await read(link, one)).workers.fresh:
        (worker,) = seen.workers.fresh.values()
        assert seen.time - worker.time <= STALE_SECONDS
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(0.05)


async def test_the_same_answers_of_another_server_are_no_answers_of_this_one(link: Link, client: Client) -> None:
    one = reader()
    for _ in range(3):
        seen = await read(link, one)
    answers = await link.ask(*one.ahead)
    server = dict(zip(COMMON, await link.ask(*COMMON), strict=True))
    here = Common.of(server)
    assert one.again(one.ahead, answers, here) == seen.at(here.time or 0)
    other = Common.of({**server, COMMON[1]: b"run_id:other"})
    assert one.again(one.ahead, answers, other) is None
    assert one.again(one.ahead, answers, replace(here, time=None)) is None
    assert one.again(one.ahead, answers, replace(here, time=seen.time - 1)) is None
    assert one.again((*one.ahead,), answers, here) is None, "what was asked at another time may be another question"
    assert one.again(one.ahead, [*answers[:-1], 7], here) is None


async def test_a_job_becomes_due_in_time_though_every_other_answer_is_the_same(link: Link, client: Client) -> None:
    due_at = float(f"{time.time() + DUE_SECONDS + 0.5:.3f}")
    await client.zadd("orders:scheduled", {"soon": time.time() + 5, "later": due_at})
    one = reader()
    deadline = time.monotonic() + 10
    while (seen := await read(link, one)).due == exact(1):
        assert seen.time + DUE_SECONDS < due_at + 0.001, "it is due by the time of this very reading"
        assert time.monotonic() < deadline, seen
    assert (seen.scheduled, seen.due) == (exact(2), exact(2))
