"""Workers and Redis killed at any moment: every job is done or dead in the end, none is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from operator import le
from random import Random
from typing import Any

from headgate_worker.handlers import Run
from headgate_worker.recovery import Patience
from headgate_worker.worker import Worker
from redis.asyncio import Redis
from redis.exceptions import RedisError

from examples.load.account import Account, account
from examples.load.queue import Queue, QueueClient, ledger_key
from examples.load.work import Work, jobs
from tests.examples.worker.bench import Bench
from tests.examples.worker.building import job, queue
from tests.examples.worker.conftest import DurableRedis, StartProcess, StartWorker
from tests.examples.worker.processes import WorkerProcess
from tests.waiting import eventually

IMPATIENT = "tests.examples.worker.impatient"
JOBS = 1200
KILLS = 12


async def test_no_job_is_lost_when_workers_are_killed(either: Bench, start_process: StartProcess) -> None:
    random = Random(3)  # a crash that can be run again
    client = QueueClient(either.redis, Queue("q", either.layout))
    flags = ("--redis", either.url, "--queues", "q", "--layout", either.layout)

    def begin() -> WorkerProcess:
        return start_process(*flags, "--concurrency", "4", "--max-in-flight", "8", MODULE=IMPATIENT)

    work = Work(seconds=0.02, spread=1.0, fail_percent=5, dead_percent=1)
    await client.enqueue("r", list(jobs(work, "r", ledger_key("r"), JOBS, seed=5)))
    workers = [begin() for _ in range(3)]
    for wanted in sorted(random.randrange(20, JOBS - 200) for _ in range(KILLS)):
        await eventually(f"{wanted} jobs done", lambda: _done(client), partial(le, wanted), seconds=30)
        victim = workers.pop(random.randrange(len(workers)))
        victim.kill()
        workers.append(begin())
    found = await eventually("all jobs settled", lambda: _account(client), _settled, seconds=120)
    assert len(found.enqueued) == JOBS
    assert not found.lost
    assert not found.strangers
    assert found.done | found.dead == found.enqueued
    assert found.unended, "the kills hit running jobs"
    await eventually("only the living on record", either.records, lambda records: len(records) == len(workers), 30)


async def test_no_job_is_lost_when_redis_is_killed(durable_redis: DurableRedis, start_process: StartProcess) -> None:
    flags = ("--redis", durable_redis.url, "--queues", "q", "--concurrency", "4")
    async with Redis.from_url(durable_redis.url) as redis:
        client = QueueClient(redis, Queue("q"))
        workers = [start_process(*flags) for _ in range(2)]
        await eventually("a broker", lambda: _answers(redis), bool)
        await client.enqueue("r", list(jobs(Work(0.05, 1.0), "r", ledger_key("r"), 600, seed=5)))
        for done in (100, 250, 400):
            await eventually(f"{done} jobs done", lambda: _done(client), partial(le, done), seconds=30)
            durable_redis.stop()
            await asyncio.sleep(0.5)
            durable_redis.start()
            await eventually("the broker back", lambda: _answers(redis), bool)
        found = await eventually("all jobs settled", lambda: _account(client), _settled, seconds=60)
        assert found.done == found.enqueued
        assert len(found.enqueued) == 600
        assert not found.done_twice, "no worker was lost, so nothing may run twice"
        for worker in workers:
            worker.terminate()
        assert [worker.wait() for worker in workers] == [0, 0]


async def test_a_job_that_takes_its_workers_with_it_dies_in_the_end(bench: Bench, start: StartWorker) -> None:
    await bench.push(job("poison", recovered=5, ledger="ledger", seconds=60), job("victim", recovered=1))
    await _die_with(bench)
    worker = await start(queue(url=bench.url), patience=Patience(dead=1, heard=0, every=0.05))
    [letter] = await eventually("a dead letter", bench.dead, lambda dead: len(dead) == 1)
    assert letter["id"] == "poison"
    assert letter["error"] == "lost its worker 6 times, the last one gone.1"
    await eventually("the victim run", lambda: _completed(worker), lambda count: count == 1)


async def test_garbage_of_a_dead_worker_is_buried(bench: Bench, start: StartWorker) -> None:
    await bench.push(b"garbage")
    await _die_with(bench)
    await start(queue(url=bench.url), patience=Patience(dead=1, heard=0, every=0.05))
    [letter] = await eventually("a dead letter", bench.dead, lambda dead: len(dead) == 1)
    assert letter["raw"] == "garbage"


async def test_the_living_are_left_alone(either: Bench, start: StartWorker) -> None:
    """Also when their records are as old as an outage was long: they get the time to write again."""
    release = asyncio.Event()
    runs: list[str] = []

    async def hold(body: Mapping[str, Any], _: Run) -> None:
        runs.append(body["id"])
        await release.wait()

    patience = Patience(dead=2.5, heard=0.0, every=0.05)
    await either.push(job("j"))
    first = await start(queue(url=either.url, layout=either.layout), handler=hold)
    await eventually("the job running", lambda: _running(first), lambda count: count == 1)
    second = await start(
        queue(url=either.url, layout=either.layout), handler=hold, patience=patience, given={"pod": "pod-b"}
    )
    await eventually("four more records", lambda: _seq(second), lambda seq: seq >= 5)
    assert runs == ["j"]
    release.set()


async def test_a_worker_that_slept_too_long_does_not_lose_the_job_it_no_longer_has(
    bench: Bench, start: StartWorker, start_process: StartProcess
) -> None:
    """Its job was given to another one; what it says about the job afterwards changes nothing."""
    sleeper = start_process("--redis", bench.url, "--queues", "q", HEADGATE_POD="sleeper")
    await bench.push(job("j", ledger="ledger", seconds=1, fail=1))
    await eventually("the job started", bench.events, lambda events: events == [("started", "j")])
    sleeper.pause()
    await start(queue(url=bench.url), patience=Patience(dead=1.5, heard=0, every=0.05))
    await eventually("the job started elsewhere", bench.events, lambda events: len(events) == 2)
    sleeper.resume()
    await eventually("the job done once", bench.done, lambda done: done == ["j"])
    await eventually("the sleeper back", bench.states, lambda states: list(states.values()) == ["Running"] * 2)
    await eventually("nothing in flight", bench.in_flight, lambda count: count == 0)
    assert await bench.scheduled() == 0
    assert "was given to another worker" in sleeper.output()


async def test_a_worker_without_a_record_takes_nothing(bench: Bench, start: StartWorker) -> None:
    """Others would not find its jobs: it writes its record again first."""
    await start(queue(url=bench.url))
    await bench.state("Running")
    await bench.command("DEL", "q:workers")
    await bench.push(job("j", ledger="ledger"))
    assert await bench.in_flight() == 0
    await bench.state("Running")
    await eventually("the job done", bench.done, lambda done: done == ["j"])


async def test_a_full_redis_is_worked_off(bench: Bench, start: StartWorker) -> None:
    await bench.push(*(job(f"j{i}", payload="x" * 1000) for i in range(200)))
    used = int((await bench.redis.info("memory"))["used_memory"])
    await bench.command("CONFIG", "SET", "maxmemory", used - 10_000, "maxmemory-policy", "noeviction")
    worker = await start(queue(url=bench.url))
    await eventually("all jobs run", lambda: _completed(worker), lambda count: count == 200)
    await bench.command("CONFIG", "SET", "maxmemory", 0)


async def test_results_wait_for_the_broker_and_so_does_the_proof(
    durable_redis: DurableRedis, start: StartWorker
) -> None:
    release = asyncio.Event()

    async def hold(_: Mapping[str, Any], __: Run) -> None:
        await release.wait()

    async with Redis.from_url(durable_redis.url, protocol=2) as client:
        bench = Bench(client, durable_redis.url)
        await eventually("a broker", lambda: _answers(client), bool)
        worker = await start(queue(url=durable_redis.url), handler=hold)
        await bench.push(job("j"))
        await eventually("the job running", lambda: _running(worker), lambda count: count == 1)
        durable_redis.stop()
        worker.latch.request("test", "now")
        release.set()
        await eventually("the run over", lambda: _completed(worker), lambda count: count == 1)
        assert (worker.state, worker.slots.running) == ("Draining", 1)
        durable_redis.start()
        await eventually("the broker back", lambda: _answers(client), bool)
        await bench.state("Drained")
        assert await bench.in_flight() == await bench.waiting() == 0


async def _die_with(bench: Bench) -> None:
    """Moves everything waiting into the flight of an instance that has been silent since 1970."""
    while await bench.command("LMOVE", "q", "q:processing:gone.1", "RIGHT", "LEFT"):
        pass
    await bench.command("HSET", "q:workers", "gone.1", json.dumps({"time": 1, "state": "Running"}))


async def _done(client: QueueClient) -> int:
    return len((await _account(client)).done)


async def _account(client: QueueClient) -> Account:
    return account(await client.ledger("r"))


def _settled(found: Account) -> bool:
    return not found.queued and len(found.done) + len(found.dead) >= len(found.enqueued)


async def _answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except (OSError, RedisError):
        return False


async def _completed(worker: Worker) -> int:
    return worker.runner.counters.completed


async def _running(worker: Worker) -> int:
    return worker.slots.running


async def _seq(worker: Worker) -> int:
    """The number of the last status record."""
    return max((source.published["seq"] for source in worker.sources.all() if source.published), default=0)
