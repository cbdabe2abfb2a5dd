"""The agenda's promises, for any order of calls; and the same queue with tasks that wait."""

from __future__ import annotations

import asyncio
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kube.backoff import Backoff
from reconciler.workqueue import Agenda, WorkQueue

KEYS = st.sampled_from("abcd")


def test_keys_come_in_the_order_in_which_they_were_woken() -> None:
    agenda: Agenda[str] = Agenda()
    for key in ("b", "a", "b"):
        agenda.add(key, 0)
    assert [agenda.take(1), agenda.take(1), agenda.take(1)] == [("b", 0), ("a", 0), None]


def test_a_key_woken_while_it_is_worked_is_worked_once_more_afterwards() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.add("a", 0)
    agenda.take(0)
    agenda.add("a", 1)
    agenda.add("a", 2)
    assert agenda.take(3) is None, "never by two at a time"
    agenda.done("a")
    assert agenda.take(3) == ("a", 1)
    agenda.done("a")
    assert agenda.take(3) is None


def test_of_several_times_the_earliest_counts() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.add_at("a", 9, 0)
    agenda.add_at("a", 5, 0)
    agenda.add_at("a", 7, 0)
    assert agenda.next_at() == 5
    assert agenda.take(4.9) is None
    assert agenda.take(6) == ("a", 5)
    agenda.done("a")
    assert agenda.take(20) is None, "the later ones were settled by the pass"


def test_a_time_that_passes_while_the_key_is_worked_waits_for_the_end() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.add("a", 0)
    agenda.take(0)
    agenda.add_at("a", 2, 1)
    assert agenda.take(3) is None
    agenda.done("a")
    assert agenda.take(3) == ("a", 2)


def test_a_dropped_key_is_not_worked() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.add("a", 0)
    agenda.add_at("b", 1, 0)
    agenda.drop("a")
    agenda.drop("b")
    assert agenda.take(5) is None
    assert agenda.next_at() is None


class Promises(RuleBasedStateMachine):
    """What is asked for is worked, by one at a time, not before its time, and no more often than asked."""

    def __init__(self) -> None:
        super().__init__()
        self.agenda: Agenda[str] = Agenda()
        self.now = 0.0
        self.held: set[str] = set()
        self.due: dict[str, float] = {}

    def ask(self, key: str, when: float) -> None:
        self.due[key] = min(when, self.due.get(key, when))

    @rule(key=KEYS)
    def add(self, key: str) -> None:
        self.agenda.add(key, self.now)
        self.ask(key, self.now)

    @rule(key=KEYS, seconds=st.integers(-1, 5))
    def add_at(self, key: str, seconds: int) -> None:
        self.agenda.add_at(key, self.now + seconds, self.now)
        self.ask(key, self.now + seconds)

    @rule(seconds=st.integers(1, 3))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        taken = self.agenda.take(self.now)
        ready = {key for key, when in self.due.items() if when <= self.now and key not in self.held}
        if taken is None:
            assert not ready, "somebody waits for a key that is due"
        else:
            key, since = taken
            assert key in ready
            assert since <= self.now
            del self.due[key]
            self.held.add(key)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.held)))
        self.agenda.done(key)
        self.held.remove(key)

    @rule(key=KEYS)
    def drop(self, key: str) -> None:
        self.agenda.drop(key)
        self.due.pop(key, None)

    @invariant()
    def sleeping_until_next_at_misses_nothing(self) -> None:
        waiting = [when for key, when in self.due.items() if key not in self.held and when > self.now]
        next_at = self.agenda.next_at()
        if waiting and self.agenda.depth == 0:
            assert next_at is not None
            assert next_at <= min(waiting)
        assert self.agenda.held == len(self.held)


TestPromises = Promises.TestCase


async def test_a_waiting_worker_gets_a_key_at_once() -> None:
    queue: WorkQueue[str] = WorkQueue()
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add("a")
    async with asyncio.timeout(5):
        taken = await taking
    assert taken is not None
    assert taken.key == "a"


async def test_a_delayed_key_comes_after_its_time() -> None:
    queue: WorkQueue[str] = WorkQueue()
    began = queue.monotonic()
    queue.add_after("late", 0.2)
    queue.add_after("soon", 0.05)
    async with asyncio.timeout(5):
        taken = [await queue.take(), await queue.take()]
    assert [found.key for found in taken if found] == ["soon", "late"]
    assert queue.monotonic() - began >= 0.2


async def test_whoever_adds_a_key_wakes_a_worker_for_one_that_is_due_already() -> None:
    """A clock may have gone on by more than the loop's own, which the alarm is set by."""
    now = [0.0]
    queue: WorkQueue[str] = WorkQueue(monotonic=lambda: now[0])
    queue.add_after("a", 3600)
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    now[0] = 3600.0
    queue.add_after("b", 3600)
    async with asyncio.timeout(5):
        taken = await waiting
    assert taken is not None
    assert taken.key == "a"
    queue.close()


async def test_no_key_is_ever_held_twice_and_all_are_worked() -> None:
    queue: WorkQueue[int] = WorkQueue()
    held: set[int] = set()
    worked: list[int] = []

    async def worker() -> None:
        while (taken := await queue.take()) is not None:
            assert taken.key not in held
            held.add(taken.key)
            await asyncio.sleep(0)
            worked.append(taken.key)
            held.remove(taken.key)
            queue.done(taken.key)
            if len(worked) >= 60:
                queue.close()

    rng = Random(1)
    for _ in range(3):
        for key in range(20):
            queue.add_after(key, rng.choice((0, 0, 0.01)))
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        workers = [tasks.create_task(worker()) for _ in range(8)]
        while not all(task.done() for task in workers):
            for key in range(20):
                queue.add(key)
            await asyncio.sleep(0)
    assert set(worked) == set(range(20))


async def test_what_waits_after_a_failure_can_be_hurried() -> None:
    queue: WorkQueue[str] = WorkQueue(Backoff(1, 60, 2, 0), Random(0))
    queue.retry("failed")
    queue.add_after("well", 30)
    queue.hurry()
    assert (queue.agenda.depth, queue.agenda.delayed) == (1, 1)
    taken = await queue.take()
    assert taken is not None
    assert taken.key == "failed"
    assert queue.failures("failed") == 1, "it has not succeeded yet"


async def test_failures_wait_longer_each_time_until_a_success() -> None:
    now = 0.0
    queue: WorkQueue[str] = WorkQueue(Backoff(initial=1, maximum=5, jitter=0), Random(0), lambda: now)
    waits = []
    for want in (1, 2, 3, 4):
        assert queue.retry("a") == want
        when = queue.agenda.next_at()
        assert when is not None
        waits.append(when - now)
        now = when
        assert queue.agenda.take(now) is not None
        queue.done("a")
    assert waits == [1, 2, 4, 5]
    queue.succeed("a")
    assert queue.failures("a") == 0


async def test_a_closed_queue_hands_out_nothing() -> None:
    queue: WorkQueue[str] = WorkQueue()
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.close()
    queue.add("a")
    async with asyncio.timeout(5):
        assert await taking is None
        assert await queue.take() is None
