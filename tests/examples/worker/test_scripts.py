"""Each script alone: what it moves, what it refuses, and that what comes late changes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from headgate_worker import keys
from headgate_worker.connection import Broker
from headgate_worker.credentials import Credentials
from headgate_worker.jobs import Entry
from headgate_worker.layout import Move, QueueAtBroker

from tests.examples.worker.bench import Bench
from tests.examples.worker.building import job, queue_config

ME = "me.1"


@pytest.fixture
async def broker(redis_server: str) -> AsyncIterator[Broker]:
    broker = Broker(redis_server, Credentials(""))
    yield broker
    await broker.close()


class Desk:
    """The queue `q` as the instance ME sees it."""

    def __init__(self, broker: Broker, bench: Bench, **fields: Any) -> None:
        self.queue = queue_config(url=bench.url, layout=bench.layout, **fields)
        self.bench = bench
        self.mine = QueueAtBroker(broker, self.queue, ME)
        self._broker = broker

    def of(self, instance: str) -> QueueAtBroker:
        return QueueAtBroker(self._broker, self.queue, instance)

    async def record(self, state: str = "Running", fence: int = 1, seq: int = 1, instance: str = ME) -> bool:
        record = {"instance": instance, "state": state, "fence": fence, "seq": seq}
        return (await self.of(instance).record(record)).written

    async def take(self, want: int = 10, fence: int = 1) -> list[str]:
        return [json.loads(entry.raw)["id"] for entry in (await self.mine.take(want, fence)).entries]

    async def age(self, instance: str, seconds: float) -> None:
        """Makes an instance's record that old."""
        record = json.loads(await self.bench.command("HGET", "q:workers", instance))
        record["time"] -= seconds
        await self.bench.command("HSET", "q:workers", instance, json.dumps(record))


@pytest.fixture
async def desk(broker: Broker, either: Bench) -> Desk:
    return Desk(broker, either)


async def test_nothing_is_taken_without_a_record(desk: Desk) -> None:
    await desk.bench.push(job("j"))
    assert not (await desk.mine.take(1, 1)).open
    await desk.record()
    assert await desk.take() == ["j"]


@pytest.mark.parametrize("state", ["Draining", "Drained"])
async def test_nothing_is_taken_behind_a_record_that_is_not_running(desk: Desk, state: str) -> None:
    await desk.record()
    await desk.record(state, seq=2)
    await desk.bench.push(job("j"))
    assert await desk.take() == []


async def test_a_late_take_finds_the_fence_raised(desk: Desk) -> None:
    await desk.record()
    await desk.bench.push(job("j"))
    await desk.record(fence=2, seq=2)
    assert await desk.take(fence=1) == []
    assert await desk.take(fence=2) == ["j"]


async def test_a_late_record_undoes_no_newer_one(desk: Desk) -> None:
    await desk.record(seq=5, fence=2)
    assert not await desk.record("Drained", seq=4, fence=1)
    assert (await desk.bench.records())[ME]["state"] == "Running"


async def test_drained_is_refused_while_a_job_is_in_flight(desk: Desk) -> None:
    await desk.record()
    await desk.bench.push(job("j"))
    [entry] = (await desk.mine.take(1, 1)).entries
    assert await desk.record("Draining", seq=2)
    assert not await desk.record("Drained", seq=3)
    await desk.mine.finish(entry)
    assert await desk.record("Drained", seq=4)


async def test_a_record_carries_the_brokers_time(desk: Desk) -> None:
    await desk.record()
    seconds, microseconds = await desk.bench.command("TIME")
    now = int(seconds) + int(microseconds) / 1e6
    assert now - 5 < (await desk.bench.records())[ME]["time"] <= now


SETTLED = {"finish": (0, 0, 0, 0), "retry": (0, 0, 1, 0), "bury": (0, 0, 0, 1), "give_back": (1, 0, 0, 0)}


@pytest.mark.parametrize(("how", "want"), SETTLED.items(), ids=SETTLED)
async def test_settling_moves_a_job_once(desk: Desk, how: str, want: tuple[int, int, int, int]) -> None:
    """`want`: waiting, in flight, scheduled, dead."""
    await desk.record()
    await desk.bench.push(job("j"))
    [entry] = (await desk.mine.take(1, 1)).entries
    assert await _settle(desk.mine, how, entry)
    bench = desk.bench
    found = (await bench.waiting(), await bench.in_flight(), await bench.scheduled(), len(await bench.dead()))
    assert found == want
    assert not await _settle(desk.mine, how, entry), "a second time it is no longer ours"
    found = (await bench.waiting(), await bench.in_flight(), await bench.scheduled(), len(await bench.dead()))
    assert found == want


async def test_a_late_give_back_leaves_the_job_fetched_anew(desk: Desk) -> None:
    await desk.record()
    await desk.bench.push(job("j"))
    [entry] = (await desk.mine.take(1, 1)).entries
    assert await desk.mine.give_back(entry, fence=1)
    await desk.record(fence=2, seq=2)
    [again] = (await desk.mine.take(1, 2)).entries
    assert not await desk.mine.give_back(again, fence=1)
    assert await desk.bench.in_flight() == 1


async def test_a_scheduled_job_is_taken_when_it_is_due_and_not_before(desk: Desk) -> None:
    await desk.record()
    now = time.time()
    for name, due in (("past", now - 1), ("future", now + 1000)):
        await desk.bench.command("ZADD", "q:scheduled", due, job(name))
    taken = await desk.mine.take(5, 1)
    assert [json.loads(entry.raw)["id"] for entry in taken.entries] == ["past"]
    assert taken.due == pytest.approx(1000, abs=5)


async def test_a_scheduled_job_returns_to_the_lane_it_names(broker: Broker, either: Bench) -> None:
    desk = Desk(broker, either, priorities=["high", "low"])
    await desk.record()
    for name, priority in (("h", "high"), ("l", "low"), ("x", "unknown"), ("n", None)):
        await either.command("ZADD", "q:scheduled", 1, job(name, priority=priority))
    taken = await desk.mine.take(9, 1)
    lanes = {json.loads(entry.raw)["id"]: entry.lane for entry in taken.entries}
    assert lanes == {"h": b"q:high", "l": b"q:low", "x": b"q:low", "n": b"q:low"}


async def test_a_bucket_gives_its_burst_and_then_says_how_long_to_wait(broker: Broker, either: Bench) -> None:
    desk = Desk(broker, either, rateLimit={"jobs": 1, "perSeconds": 100.0, "burst": 3})
    await desk.record()
    await either.push(*(job(f"j{i}") for i in range(5)))
    first = await desk.mine.take(5, 1)
    assert len(first.entries) == 3
    assert first.refill == pytest.approx(100, abs=2)
    second = await desk.mine.take(5, 1)
    assert second.entries == ()
    assert second.refill == pytest.approx(100, abs=5)


async def test_a_bucket_from_the_future_gives_no_more_than_its_burst(broker: Broker, bench: Bench) -> None:
    """As after a failover to a broker whose clock is behind."""
    desk = Desk(broker, bench, rateLimit={"jobs": 1, "perSeconds": 100.0, "burst": 3})
    await desk.record()
    await bench.command("HSET", "q:rate", "tokens", "1.5", "at", str(time.time() + 10_000))
    await bench.push(*(job(f"j{i}") for i in range(5)))
    assert len((await desk.mine.take(5, 1)).entries) == 1
    assert len((await desk.mine.take(5, 1)).entries) == 0


async def test_only_the_silent_are_stale_and_one_worker_looks_at_a_time(desk: Desk) -> None:
    for instance in (ME, "quiet.1", "alive.1"):
        await desk.record(instance=instance)
    await desk.age("quiet.1", 31)
    await desk.age(ME, 31)
    assert [instance for instance, _ in await desk.mine.stale(30, 5)] == ["quiet.1"]
    assert await desk.of("alive.1").stale(30, 5) == []


async def test_what_is_no_record_is_stale(desk: Desk) -> None:
    await desk.bench.command("HSET", "q:workers", "odd.1", "garbage", "odd.2", "[1]", "odd.3", '{"time": "x"}')
    assert sorted(instance for instance, _ in await desk.mine.stale(30, 5)) == ["odd.1", "odd.2", "odd.3"]


async def test_a_dead_instances_jobs_are_moved_and_its_record_goes_with_the_last(desk: Desk) -> None:
    theirs = desk.of("gone.1")
    await desk.record(instance="gone.1")
    await desk.bench.push(job("a"), job("b"), job("c"))
    await theirs.take(3, 1)
    await desk.age("gone.1", 31)
    entries = await theirs.entries()
    moves = [Move(entry, b'{"id": "kept"}', bury=number == 2) for number, entry in enumerate(entries)]
    assert await theirs.recover(30, moves[:2]) == (2, 1)
    assert "gone.1" in await desk.bench.records()
    assert await theirs.recover(30, moves[2:]) == (1, 0)
    assert "gone.1" not in await desk.bench.records()
    assert (await desk.bench.waiting(), len(await desk.bench.dead())) == (2, 1)


async def test_an_instance_back_from_the_dead_keeps_its_jobs(desk: Desk) -> None:
    theirs = desk.of("slow.1")
    await desk.record(instance="slow.1")
    await desk.bench.push(job("j"))
    [entry] = (await theirs.take(1, 1)).entries
    assert await theirs.recover(30, [Move(entry, entry.raw, bury=False)]) == (0, 1)
    assert await theirs.finish(entry)


async def test_a_record_stays_while_jobs_need_it(desk: Desk) -> None:
    await desk.record()
    await desk.bench.push(job("j"))
    [entry] = (await desk.mine.take(1, 1)).entries
    assert not await desk.mine.leave()
    assert ME in await desk.bench.records()
    await desk.mine.finish(entry)
    assert await desk.mine.leave()
    assert await desk.bench.records() == {}


async def test_a_finished_stream_entry_is_gone(broker: Broker, redis_server: str, bench: Bench) -> None:
    """So waiting is the stream's length less what is pending, which holds where the group's lag is unknown."""
    streams = Bench(bench.redis, redis_server, "Stream")
    desk = Desk(broker, streams)
    await desk.record()
    await streams.push(job("a"), job("b"))
    [entry] = (await desk.mine.take(1, 1)).entries
    assert (int(await streams.command("XLEN", "q")), await streams.pending()) == (2, 1)
    await desk.mine.finish(entry)
    assert (int(await streams.command("XLEN", "q")), await streams.pending()) == (1, 0)


def test_keys_are_those_of_the_contract() -> None:
    found = keys.of(queue_config("n", queueName="Q", keyPrefix="P:", priorities=["hi", "lo"]), "pod.1")
    assert found.lanes == ("P:Q:hi", "P:Q:lo")
    assert found.records == "P:Q:workers"
    assert found.bucket == "P:Q:rate"
    assert found.scheduled == "P:Q:scheduled"
    assert found.dead == "P:Q:dead"
    assert found.in_flight == "P:Q:processing:pod.1"
    assert keys.of(queue_config(processingKey="here", deadLetter="graves"), "pod.1").in_flight == "here:pod.1"
    assert keys.of(queue_config(processingKey="here", deadLetter="graves"), "pod.1").dead == "graves"


async def _settle(queue: QueueAtBroker, how: str, entry: Entry) -> bool:
    match how:
        case "finish":
            return await queue.finish(entry)
        case "retry":
            return await queue.retry(entry, entry.raw, 100)
        case "bury":
            return await queue.bury(entry, entry.raw)
    return await queue.give_back(entry, fence=1)
