"""Workers at a real Redis: what happens to jobs when nothing goes wrong, and when jobs themselves do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pytest
from headgate_worker.handlers import GiveUpError, Run

from tests.examples.worker.bench import Bench
from tests.examples.worker.building import job, queue
from tests.examples.worker.conftest import StartWorker
from tests.waiting import eventually


async def test_every_job_is_run_once(either: Bench, start: StartWorker) -> None:
    await either.push(*(job(f"j{i}", ledger="ledger") for i in range(200)))
    await start(queue(url=either.url, layout=either.layout), concurrency=8)
    done = await eventually("200 jobs done", either.done, lambda done: len(done) >= 200)
    assert sorted(done) == sorted(f"j{i}" for i in range(200))
    await eventually("nothing in flight", either.in_flight, lambda count: count == 0)
    assert await either.waiting() == 0


async def test_jobs_of_one_lane_start_in_the_order_they_came(either: Bench, start: StartWorker) -> None:
    await either.push(*(job(f"j{i:02d}", ledger="ledger") for i in range(20)))
    await start(queue(url=either.url, layout=either.layout), concurrency=1)
    done = await eventually("20 jobs done", either.done, lambda done: len(done) == 20)
    assert done == sorted(done)


async def test_a_strict_priority_goes_first(either: Bench, start: StartWorker) -> None:
    for lane in ("low", "mid", "high"):
        await either.push(*(job(f"{lane}{i}", ledger="ledger") for i in range(5)), lane=lane)
    await start(queue(url=either.url, layout=either.layout, priorities=["high", "mid", "low"]), concurrency=1)
    done = await eventually("15 jobs done", either.done, lambda done: len(done) == 15)
    assert [name[:-1] for name in done] == ["high"] * 5 + ["mid"] * 5 + ["low"] * 5


async def test_the_strictest_queue_goes_first(bench: Bench, start: StartWorker) -> None:
    second = Bench(bench.redis, bench.url, name="second")
    await start(queue("q", bench.url), queue("second", bench.url), concurrency=1)
    await bench.state("Running")
    await second.state("Running")
    async with bench.redis.pipeline(transaction=True) as together:
        together.lpush("second", *(job(f"second{i}", ledger="ledger") for i in range(5)))
        together.lpush("q", *(job(f"first{i}", ledger="ledger") for i in range(5)))
        await together.execute()
    done = await eventually("10 jobs done", bench.done, lambda done: len(done) == 10)
    # A fetch that was under way on the second queue may still bring one job; from then on the first comes first.
    assert [name[:-1] for name in done[:6]].count("first") == 5


async def test_queues_with_weights_are_taken_in_turns(bench: Bench, start: StartWorker) -> None:
    """Three times as often from the first, of which there is always more: by strict order the second would starve."""
    second = Bench(bench.redis, bench.url, name="second")
    await bench.push(*(job(f"first{i}", ledger="ledger") for i in range(60)))
    await second.push(*(job(f"second{i}", ledger="ledger") for i in range(60)))
    await start(queue("q", bench.url, weight=3), queue("second", bench.url, weight=1), concurrency=1)
    done = await eventually("60 jobs done", bench.done, lambda done: len(done) >= 60)
    assert 30 < sum(name.startswith("first") for name in done[:60]) < 60


async def test_no_more_jobs_run_and_are_held_than_allowed(either: Bench, start: StartWorker) -> None:
    release = asyncio.Event()

    async def hold(_: Mapping[str, Any], __: Run) -> None:
        await release.wait()

    await either.push(*(job(f"j{i}") for i in range(20)))
    worker = await start(queue(url=either.url, layout=either.layout), handler=hold, concurrency=3, max_in_flight=5)
    await eventually("5 jobs in flight", either.in_flight, lambda count: count == 5)
    record = worker.record()
    assert (record.running, record.held) == (3, 2)
    release.set()
    await eventually("all jobs taken", either.waiting, lambda count: count == 0)


@pytest.mark.parametrize("priorities", [[], ["high", "low"]], ids=["without priorities", "with priorities"])
async def test_an_idle_worker_starts_a_job_at_once(either: Bench, start: StartWorker, priorities: list[str]) -> None:
    await start(queue(url=either.url, layout=either.layout, priorities=priorities))
    await either.state("Running")
    lane = priorities[-1] if priorities else ""
    # The first waits may begin a little later than the first record; the later jobs meet a worker asleep.
    await either.push(job("first", ledger="ledger"), lane=lane)
    await eventually("the first job done", either.done, lambda done: done == ["first"])
    took = []
    for name in ("second", "third", "fourth"):
        begun = time.monotonic()
        await either.push(job(name, ledger="ledger"), lane=lane)
        await eventually(f"the {name} job done", either.done, lambda done: name in done)  # noqa: B023  # awaited here
        took.append(time.monotonic() - begun)
    assert sorted(took)[1] < 0.4, took


async def test_a_failed_job_is_retried_after_its_delay(either: Bench, start: StartWorker) -> None:
    await either.push(job("j", ledger="ledger", fail=2))
    retry = {"maxRetries": 2, "initialSeconds": 0.2, "maxSeconds": 5, "multiplier": 2, "jitterPercent": 0}
    await start(queue(url=either.url, layout=either.layout, retry=retry))
    begun = time.monotonic()
    await eventually("the job done", either.done, lambda done: done == ["j"])
    assert 0.6 <= time.monotonic() - begun < 3
    kinds = [kind for kind, _ in await either.events()]
    assert kinds == ["started", "failed", "started", "failed", "started", "done"]
    assert await either.dead() == []


async def test_a_job_without_tries_left_is_a_dead_letter_that_says_why(either: Bench, start: StartWorker) -> None:
    await either.push(job("j", ledger="ledger", fail=99, payload={"keep": [1, {}]}))
    worker = await start(queue(url=either.url, layout=either.layout))
    [letter] = await eventually("a dead letter", either.dead, lambda dead: len(dead) == 1)
    assert letter["id"] == "j"
    assert letter["attempts"] == 3
    assert letter["error"] == "PlannedError: run 3 of 99 that fail"
    assert letter["diedIn"] == "q"
    assert letter["payload"] == {"keep": [1, {}]}
    assert await either.in_flight() == await either.waiting() == await either.scheduled() == 0
    assert (worker.runner.counters.completed, worker.runner.counters.failed) == (3, 3)


async def test_a_retried_job_returns_to_its_own_priority(bench: Bench, start: StartWorker) -> None:
    await bench.push(job("j", ledger="ledger", fail=99), lane="high")
    retry = {"maxRetries": 1, "initialSeconds": 0.01}
    await start(queue(url=bench.url, priorities=["high", "low"], retry=retry))
    [letter] = await eventually("a dead letter", bench.dead, lambda dead: len(dead) == 1)
    assert letter["priority"] == "high"


async def test_a_handler_can_give_a_job_up(bench: Bench, start: StartWorker) -> None:
    async def refuse(_: Mapping[str, Any], __: Run) -> None:
        raise GiveUpError("the customer is gone")

    await bench.push(job("j"))
    await start(queue(url=bench.url), handler=refuse)
    [letter] = await eventually("a dead letter", bench.dead, lambda dead: len(dead) == 1)
    assert (letter["attempts"], letter["error"]) == (1, "GiveUpError: the customer is gone")


async def test_a_handler_that_exits_fails_its_job_and_not_the_worker(bench: Bench, start: StartWorker) -> None:
    async def leave(body: Mapping[str, Any], _: Run) -> None:
        raise SystemExit(3) if body["id"] == "exit" else asyncio.CancelledError

    await bench.push(job("exit"), job("cancel"))
    await start(queue(url=bench.url, retry={"maxRetries": 0}), handler=leave)
    letters = await eventually("two dead letters", bench.dead, lambda dead: len(dead) == 2)
    assert {letter["error"] for letter in letters} == {"SystemExit: 3", "CancelledError: "}


GARBAGE = {
    "no JSON": b"\x00\x01garbage",
    "no UTF-8": b'{"id": "\xff\xfe"}',
    "no object": b"[1, 2]",
    "no id": b'{"name": "x"}',
    "an empty id": b'{"id": ""}',
    "an id that is no text": b'{"id": {"a": 1}}',
    "nothing": b"",
    "too deep": b"[" * 100_000,
}


async def test_garbage_goes_to_the_dead_letters_and_work_goes_on(either: Bench, start: StartWorker) -> None:
    await either.push(*GARBAGE.values(), job("j", ledger="ledger"))
    worker = await start(queue(url=either.url, layout=either.layout))
    await eventually("the good job done", either.done, lambda done: done == ["j"])
    letters = await eventually("all garbage dead", either.dead, lambda dead: len(dead) == len(GARBAGE))
    assert all(letter["id"] is None and letter["error"].startswith("no job: ") for letter in letters)
    assert {letter["raw"] for letter in letters if "raw" in letter} >= {"[1, 2]", '{"name": "x"}'}
    assert worker.runner.counters.started == 1


async def test_odd_marks_on_a_job_do_no_harm(bench: Bench, start: StartWorker) -> None:
    await bench.push(job("j", ledger="ledger", attempts="many", recovered=-3, priority=["x"], fail=1))
    await start(queue(url=bench.url, priorities=["a", "b"]))
    await bench.push(job("k", ledger="ledger", attempts=True, fail=1, priority={"no": "such"}), lane="a")
    await eventually("the job done after a retry", bench.done, lambda done: done == ["k"])


async def test_a_paused_queue_is_left_alone(bench: Bench, start: StartWorker) -> None:
    await bench.command("LPUSH", "other", job("o", ledger="ledger"))
    await bench.push(job("j", ledger="ledger"))
    await start(queue(url=bench.url, paused=True), queue("other", bench.url))
    await eventually("the other queue's job done", bench.done, lambda done: done == ["o"])
    assert await bench.waiting() == 1


async def test_a_key_of_the_wrong_type_stops_only_its_own_queue(bench: Bench, start: StartWorker) -> None:
    await bench.command("SET", "q", "a string")
    await bench.command("LPUSH", "other", job("o", ledger="ledger"))
    await start(queue(url=bench.url), queue("other", bench.url))
    await eventually("the other queue's job done", bench.done, lambda done: done == ["o"])
    await bench.command("DEL", "q")
    await bench.push(job("j", ledger="ledger"))
    await eventually("the queue's job done once the key is right", bench.done, lambda done: "j" in done)


async def test_counts_and_times_are_on_record(bench: Bench, start: StartWorker) -> None:
    await bench.push(*(job(f"j{i}", seconds=0.05, ledger="ledger", fail=int(i == 0)) for i in range(4)))
    await start(queue(url=bench.url), concurrency=2)
    await eventually("4 jobs done", bench.done, lambda done: len(done) == 4)
    records = await eventually(
        "5 runs on record", bench.records, lambda found: all(record["completed"] == 5 for record in found.values())
    )
    [record] = records.values()
    seconds, _ = await bench.command("TIME")
    assert (record["started"], record["failed"], record["running"], record["held"]) == (5, 1, 0, 0)
    assert (record["queue"]["completed"], record["queue"]["running"]) == (5, 0)
    assert 0.25 <= record["serviceSeconds"] < 2
    assert record["busySeconds"] >= record["serviceSeconds"]
    assert 0.0125 <= record["serviceSecondsSq"] < 1
    assert abs(record["time"] - int(seconds)) < 3
    assert (record["pod"], record["podUID"], record["configGeneration"]) == ("pod-a", "uid-a", "g1")


async def test_how_long_jobs_waited_is_on_record_once_the_brokers_time_is_known(
    bench: Bench, start: StartWorker
) -> None:
    """A worker that idles has its record, so it knows the broker's clock; the jobs say that they came 100 s ago."""
    await start(queue(url=bench.url), concurrency=2)
    await eventually("a record", bench.records, lambda found: len(found) == 1)
    seconds, _ = await bench.command("TIME")
    times = {"old": int(seconds) - 100, "untold": None, "odd": "yesterday"}
    await bench.push(*(job(name, ledger="ledger", enqueuedAt=time) for name, time in times.items()))
    await eventually("3 jobs done", bench.done, lambda done: len(done) == 3)
    records = await eventually(
        "3 runs on record", bench.records, lambda found: all(record["completed"] == 3 for record in found.values())
    )
    [record] = records.values()
    assert record["waits"] == record["queue"]["waits"] == {"35": 1}, "98.6 to 123 s"


async def test_the_rate_limit_holds_across_three_workers(either: Bench, start: StartWorker) -> None:
    await either.push(*(job(f"j{i}", ledger="ledger") for i in range(60)))
    limited = queue(url=either.url, layout=either.layout, rateLimit={"jobs": 20, "perSeconds": 1.0, "burst": 5})
    for pod in ("a", "b", "c"):
        await start(limited, given={"pod": pod}, concurrency=8)
    await eventually("60 jobs done", either.done, lambda done: len(done) == 60, seconds=20)
    starts = await either.starts()
    for first, begun in enumerate(starts):
        for last in range(first, len(starts)):
            # A job starts a moment after its token was taken, on a busy machine up to a quarter of a second.
            allowed = 5 + 20 * (starts[last] - begun + 0.25)
            assert last - first + 1 <= allowed, f"{last - first + 1} starts within {starts[last] - begun:.3f} s"
    assert 2.4 <= starts[-1] - starts[0] < 6, "55 jobs at 20 a second after a burst of 5"
