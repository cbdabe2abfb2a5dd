"""Dead letters on a real Redis, in both layouts: what is brought back, what is deleted, and what is left alone."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis as Client

from reconciler.brokers.connect import Link
from reconciler.brokers.dead_letters.box import Box
from reconciler.brokers.dead_letters.letter import Letter
from reconciler.brokers.dead_letters.working import Deed, Tally, work
from reconciler.brokers.redis_queue import RedisQueue

QUEUE = RedisQueue("orders", priorities=("high", "low"))
BOTH = pytest.mark.parametrize("stream", [pytest.param(False, id="List"), pytest.param(True, id="Stream")])


def dead(number: int, queue: str = "orders", **fields: Any) -> str:
    marks = {"attempts": 4, "recovered": 1, "error": "ValueError: no", "diedIn": queue}
    return json.dumps({"id": f"job-{number}", "enqueuedAt": 1.5, "payload": [1.0, {}], **marks, **fields})


GARBAGE = json.dumps({"id": None, "error": "not JSON", "diedIn": "orders", "raw": "x"})


async def bury(client: Client, letters: Sequence[str], *, stream: bool) -> None:
    for letter in letters:
        if stream:
            await client.xadd("orders:dead", {"job": letter})
        else:
            await client.lpush("orders:dead", letter)


async def jobs(client: Client, key: str, *, stream: bool) -> list[Any]:
    """What lies there, in the order in which it is taken."""
    if stream:
        entries: Any = await client.xrange(key)
        return [json.loads(fields[b"job"]) for _, fields in entries]
    return [json.loads(raw) for raw in reversed(await client.lrange(key, 0, -1))]


@BOTH
async def test_jobs_come_back_whole_and_new(client: Client, link: Link, stream: bool) -> None:
    await bury(client, [dead(1), dead(2, priority="high"), dead(3, priority="gone")], stream=stream)
    tally = await work(Box(link, QUEUE, stream=stream), Deed.REDRIVE, limit=None, dry=False)
    assert (tally.fit, tally.done) == (3, 3)
    low, high = [await jobs(client, f"orders:{lane}", stream=stream) for lane in ("low", "high")]
    assert [job["id"] for job in low] == ["job-1", "job-3"], "in their order, and to the last lane where none is named"
    assert [job["id"] for job in high] == ["job-2"]
    assert set(high[0]) == {"id", "enqueuedAt", "payload", "priority"}
    assert high[0]["payload"] == [1.0, {}]
    assert abs(high[0]["enqueuedAt"] - time.time()) < 60
    assert not await jobs(client, "orders:dead", stream=stream)


@BOTH
async def test_what_is_of_other_queues_or_no_job_stays(client: Client, link: Link, stream: bool) -> None:
    await bury(client, [dead(1, "other"), GARBAGE, dead(2), "no json"], stream=stream)
    box = Box(link, QUEUE, stream=stream)
    assert await work(box, Deed.REDRIVE, limit=None, dry=False) == Tally(seen=4, fit=1, done=1, foreign=1, garbage=2)
    assert await box.count() == 3
    assert await work(box, Deed.PURGE, limit=None, dry=False) == Tally(seen=3, fit=2, done=2, foreign=1, garbage=2)
    assert [job["diedIn"] for job in await jobs(client, "orders:dead", stream=stream)] == ["other"]


@BOTH
async def test_a_dry_run_counts_and_changes_nothing(client: Client, link: Link, stream: bool) -> None:
    await bury(client, [dead(number) for number in range(250)], stream=stream)
    box = Box(link, QUEUE, stream=stream)
    seen: list[int] = []
    tally = await work(box, Deed.PURGE, limit=None, dry=True, tell=lambda tally: seen.append(tally.seen))
    assert (tally.fit, tally.done, await box.count()) == (250, 0, 250)
    assert seen == [100, 200, 250]


@BOTH
async def test_the_oldest_go_first_and_no_more_than_asked(client: Client, link: Link, stream: bool) -> None:
    await bury(client, [dead(number) for number in range(250)], stream=stream)
    box = Box(link, QUEUE, stream=stream)
    assert (await work(box, Deed.REDRIVE, limit=120, dry=False)).done == 120
    assert [job["id"] for job in await jobs(client, "orders:low", stream=stream)] == [f"job-{n}" for n in range(120)]
    assert await box.count() == 130


class Cut:
    """A link that breaks after some questions."""

    def __init__(self, link: Link, questions: int) -> None:
        self._link, self._left = link, questions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)

    async def ask(self, *commands: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ConnectionError("cut")
        return await self._link.ask(*commands)


@BOTH
async def test_cut_off_anywhere_it_can_be_begun_again(client: Client, link: Link, stream: bool) -> None:
    await bury(client, [dead(number) for number in range(250)], stream=stream)
    for questions in range(1, 12):
        try:
            await work(Box(Cut(link, questions), QUEUE, stream=stream), Deed.REDRIVE, limit=None, dry=False)
        except ConnectionError:
            continue
    ids = [job["id"] for job in await jobs(client, "orders:low", stream=stream)]
    assert ids == [f"job-{number}" for number in range(250)], "each once, and none lost"


def test_a_letter_that_does_not_say_where_it_died_is_everybodys() -> None:
    assert Letter.of(b'{"id": 1}').of_queue("orders")
