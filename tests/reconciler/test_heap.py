"""The old part of the heap is looked through by the clock, not by what is allocated."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from reconciler import heap


class Cycle:
    """Reaches itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.me = self


def none() -> None:
    """What lives in the tests' own process is to be looked at again."""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)


async def test_what_is_old_and_unreachable_goes_with_the_next_look_at_everything() -> None:
    old = weakref.ref(cycle := Cycle())
    gc.collect()
    del cycle
    looked = asyncio.Event()

    def collect() -> None:
        gc.collect()
        looked.set()

    keeping = asyncio.create_task(heap.keep(0.01, collect, rounds=1, settle=none))
    async with asyncio.timeout(10):
        await looked.wait()
    keeping.cancel()
    assert old() is None


async def test_allocating_looks_through_the_young_only() -> None:
    keeping = asyncio.create_task(heap.keep())
    await asyncio.sleep(0)
    before = gc.get_stats()
    held = [[number] for number in range(500_000)]
    after = gc.get_stats()
    keeping.cancel()
    assert len(held) == 500_000
    assert after[0]["collections"] > before[0]["collections"]
    assert after[2]["collections"] == before[2]["collections"]


async def test_what_is_free_is_given_back_more_often_than_the_heap_is_looked_through() -> None:
    done: list[str] = []
    thrice = asyncio.Event()

    def collect() -> None:
        done.append("collected")
        thrice.set()

    keeping = asyncio.create_task(heap.keep(0.01, collect, lambda: done.append("given back"), rounds=3, settle=none))
    async with asyncio.timeout(10):
        await thrice.wait()
    keeping.cancel()
    assert done[:4] == ["given back", "given back", "given back", "collected"]


async def test_what_lives_at_the_first_look_is_set_aside_once() -> None:
    done: list[str] = []
    thrice = asyncio.Event()

    def collect() -> None:
        done.append("collected")
        if done.count("collected") == 3:
            thrice.set()

    keeping = asyncio.create_task(
        heap.keep(0.001, collect, lambda: None, rounds=1, settle=lambda: done.append("set aside"))
    )
    async with asyncio.timeout(10):
        await thrice.wait()
    keeping.cancel()
    assert done[:4] == ["collected", "set aside", "collected", "collected"]


def test_giving_back_leaves_what_is_in_use() -> None:
    held = [bytes([number % 256]) * 5000 for number in range(2000)]
    heap.give_back()
    assert all(one == bytes([number % 256]) * 5000 for number, one in enumerate(held))
