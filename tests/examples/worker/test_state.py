"""The state of a worker process without any broker: latch, slots, records, handlers."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from headgate_worker import handlers
from headgate_worker.bell import Bell
from headgate_worker.handlers import HandlerError, Run
from headgate_worker.jobs import Entry
from headgate_worker.latch import Latch
from headgate_worker.records import Counters, Record, State, halves
from headgate_worker.slots import Slots
from headgate_worker.source import Source
from headgate_worker.turns import turns
from hypothesis import given
from hypothesis import strategies as st

from tests.examples.worker.building import queue_config


def a_source(name: str = "q", *priorities: str) -> Source:
    return Source(queue_config(name, priorities=list(priorities)), "pod.1", clock=lambda: 0.0)


def an_entry(raw: str, lane: str = "q") -> Entry:
    return Entry(lane.encode(), b"", raw.encode())


@given(st.lists(st.tuples(st.sampled_from(["file", "http", "sigterm"]), st.booleans()), max_size=20))
def test_the_latch_is_closed_while_anybody_wants_it(steps: list[tuple[str, bool]]) -> None:
    changes: list[bool] = []
    latch = Latch(lambda: changes.append(latch.closed))
    wanting: set[str] = set()
    for asker, wants in steps:
        if wants:
            latch.request(asker, "reason")
            wanting.add(asker)
        else:
            latch.withdraw(asker)
            wanting.discard(asker)
        assert latch.closed == bool(wanting)
    assert all(before != after for before, after in itertools.pairwise(changes)), "told of changes only"
    assert latch.epoch == changes.count(True)


def test_room_is_bounded_by_all_that_is_here() -> None:
    slots, source = Slots(concurrency=2, max_in_flight=4), a_source()
    assert (slots.room(to_start=False), slots.room(to_start=True)) == (4, 2)
    for number in range(3):
        slots.hold(source, an_entry(f"j{number}"), 0)
    assert (slots.room(to_start=False), slots.room(to_start=True)) == (1, 0)
    first, second = slots.start(), slots.start()
    assert first is not None
    assert second is not None
    assert slots.start() is None
    assert (slots.running, slots.held, slots.room(to_start=False)) == (2, 1, 1)
    slots.end(first)
    assert (slots.running, slots.held, slots.room(to_start=True)) == (1, 1, 0)


def test_held_jobs_start_by_queue_then_lane_then_arrival() -> None:
    slots, strict, loose = Slots(concurrency=9, max_in_flight=9), a_source("s", "high", "low"), a_source("l")
    slots.hold(loose, an_entry("5", "l"), 1)
    slots.hold(strict, an_entry("4", "s:gone"), 0)
    slots.hold(strict, an_entry("3", "s:low"), 0)
    slots.hold(strict, an_entry("1", "s:high"), 0)
    slots.hold(strict, an_entry("2", "s:high"), 0)
    started = [slots.start() for _ in range(5)]
    assert [held.entry.raw for held in started if held] == [b"1", b"2", b"3", b"4", b"5"]


def weighing(**weights: int | None) -> list[Source]:
    return [Source(queue_config(name, weight=weight), "pod.1", clock=lambda: 0.0) for name, weight in weights.items()]


def test_queues_without_weights_are_looked_at_in_their_order() -> None:
    sources = weighing(first=None, second=None)
    assert [list(turns(sources, Random(1).random)) for _ in range(9)] == [sources] * 9


def test_weighed_queues_come_first_as_often_as_they_weigh() -> None:
    """Also one without a weight of its own, which has 1, and the others still get their turn in every look."""
    sources, random = weighing(heavy=6, light=3, plain=None), Random(1)
    orders = [turns(sources, random.random) for _ in range(10_000)]
    first = Counter(order[0].name for order in orders)
    assert all(set(order) == set(sources) for order in orders)
    for name, share in (("heavy", 0.6), ("light", 0.3), ("plain", 0.1)):
        assert first[name] / 10_000 == pytest.approx(share, abs=0.02)


def test_what_is_given_back_is_never_started_and_counts_until_it_is_back() -> None:
    slots, mine, other = Slots(concurrency=9, max_in_flight=9), a_source("m"), a_source("o")
    for number in range(3):
        slots.hold(mine, an_entry(f"m{number}", "m"), 0)
    slots.hold(other, an_entry("o", "o"), 1)
    back = slots.give_back(mine)
    assert [held.entry.raw for held in back] == [b"m2", b"m1", b"m0"]
    assert slots.held == 4
    assert len(slots.entries(mine)) == 3
    started = slots.start()
    assert started is not None
    assert started.entry.raw == b"o"
    assert slots.start() is None
    for held in back:
        slots.returned(held)
    assert slots.held == 0


def test_a_record_is_the_contracts_json_with_room_for_the_time() -> None:
    counters = Counters()
    counters.started = 2
    counters.waited(0.01)
    counters.waited(0.1)
    counters.finished(0.5, failed=False)
    counters.finished(1.5, failed=True)
    record = Record("pod.1", "pod", "uid", State.DRAINING, 1, 0, 2, "g", counters, busy_seconds=2.0)
    before, after = halves(record.as_dict())
    assert json.loads(before + "12.5" + after) == {
        "instance": "pod.1",
        "pod": "pod",
        "podUID": "uid",
        "state": "Draining",
        "fetching": 1,
        "running": 0,
        "held": 2,
        "started": 2,
        "completed": 2,
        "failed": 1,
        "busySeconds": 2.0,
        "serviceSeconds": 2.0,
        "serviceSecondsSq": 2.5,
        "waits": {"0": 1, "4": 1},
        "configGeneration": "g",
        "time": 12.5,
    }


async def test_a_bell_rung_twice_is_heard_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert await bell.heard(within=5)
    assert not await bell.heard(within=0.001)


def in_thread(job: Mapping[str, Any], _: Run) -> None:
    if job["id"] == "bad":
        raise ValueError(threading.current_thread().name)


async def test_a_plain_function_runs_in_a_thread(bench_run: Run) -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="job") as threads:
        handler = handlers.load(f"{__name__}:in_thread", threads)
        await handler({"id": "good"}, bench_run)
        with pytest.raises(ValueError, match="job_0"):
            await handler({"id": "bad"}, bench_run)


@pytest.mark.parametrize("name", ["", "json", ":x", "no.such:x", "json:nothing", "json:__name__"])
def test_a_handler_that_is_not_there_is_named(name: str) -> None:
    with ThreadPoolExecutor(1) as threads, pytest.raises(HandlerError) as refused:
        handlers.load(name, threads)
    assert repr(name) in str(refused.value)


@pytest.fixture
def bench_run() -> Run:
    return Run("pod.1", "q", 1, a_source().broker)


async def test_a_source_is_ready_only_while_its_record_is_open() -> None:
    source = a_source()
    assert not source.ready()
    source.published = {"state": "Running", "fence": 1}
    assert source.ready()
    source.fence = 2
    assert not source.ready()
    source.published = {"state": "Draining", "fence": 2}
    assert not source.ready()
    await asyncio.sleep(0)
