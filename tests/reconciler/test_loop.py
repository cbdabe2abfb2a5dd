"""One pass: phases in order, its end, its status, and when the next one comes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from crds import meta
from kube.backoff import Backoff
from kube.client import Client
from kube.errors import AlreadyExists, Conflict, Forbidden, NotFound, TooManyRequests, Unreachable
from kube.events import Recorder
from reconciler import metrics as m
from reconciler.context import Context
from reconciler.errors import Stalled, Transient, Waiting, from_api
from reconciler.events import Events
from reconciler.keys import Key, key_of
from reconciler.loop import A_TURN, Loop
from reconciler.metrics import Metrics
from reconciler.observations import Observations, QueueName
from reconciler.phases import Reconcile, State
from reconciler.reasons import Reason
from reconciler.settings import Settings
from reconciler.status import RESOURCES, StatusWriter
from reconciler.workqueue import WorkQueue
from reconciler.world import World
from tests.kube.faketime import FakeTime
from tests.reconciler.builders import applied, queue
from tests.reconciler.plain import begin, nothing_more
from tests.waiting import eventually

QUEUES = RESOURCES["Queue"]
Phase = Callable[[State, Context], Awaitable[None]]


@dataclass
class Bench:
    """A loop without watches: objects are put into its world by hand. Time stands still unless it is moved."""

    client: Client
    namespace: str
    phases: list[Phase] = field(default_factory=list)
    delete_phases: list[Phase] = field(default_factory=list)
    time: FakeTime = field(default_factory=FakeTime)

    def __post_init__(self) -> None:
        self.queue: WorkQueue[Key] = WorkQueue(Backoff(1, 60, 2, 0), Random(0), self.time.monotonic)
        self.world = World(self.queue)
        self.metrics = Metrics()
        self.context = Context(
            client=self.client,
            world=self.world,
            observations=Observations(self.time.monotonic, self.world.wake_pools),
            settings=Settings(resync=1000, pass_timeout=0.5),
            metrics=self.metrics,
            events=Events(Recorder(self.client, "test", "test")),
            clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            monotonic=self.time.monotonic,
            rng=Random(0),
            wake=self.queue.add,
        )

    def loop(self) -> Loop:
        kind = Reconcile(
            kind=meta.QUEUE,
            begin=begin,
            phases=tuple(self.phases),
            delete_phases=tuple(self.delete_phases),
            summarize=nothing_more,
        )
        writer = StatusWriter(self.client, self.time.monotonic, self.world.answered)
        return Loop(self.context, self.queue, writer, (kind,))

    @asynccontextmanager
    async def running(self, workers: int = 2) -> AsyncIterator[None]:
        loop = self.loop()
        running = asyncio.create_task(loop.run(workers, 5))
        try:
            yield
        finally:
            loop.stop()
            await running

    async def create(self, name: str = "q", **more: Any) -> dict[str, Any]:
        made = await self.client.create(QUEUES, applied(queue(name, **more), self.namespace))
        self.world.seen("put", made)
        return made

    async def conditions(self, want: list[str], name: str = "q") -> None:
        async def seen() -> list[str]:
            status = (await self.client.get(QUEUES, name, self.namespace)).get("status", {})
            return [f"{one['type']}={one['status']} {one['reason']}" for one in status.get("conditions", [])]

        await eventually("the conditions", seen, lambda found: found == want)

    async def idle(self) -> None:
        """Until nothing is due and nothing is worked."""

        async def busy() -> int:
            agenda = self.queue.agenda
            due = (agenda.next_at() or float("inf")) <= self.time.now
            return agenda.depth + agenda.held + due

        await eventually("the loop is idle", busy, lambda count: count == 0)

    async def pass_time(self, seconds: float) -> None:
        self.time.now += seconds
        # Whoever waits in `take` looks at the clock again when something is asked for.
        self.queue.add_after(Key("Nothing", "", ""), 10**6)
        await self.idle()


@pytest.fixture
def bench(client: Client, namespace: str) -> Bench:
    return Bench(client, namespace)


async def test_phases_run_in_order_until_one_ends_the_pass(bench: Bench) -> None:
    ran: list[str] = []

    async def first(state: State, ctx: Context) -> None:
        ran.append("first")

    async def second(state: State, ctx: Context) -> None:
        ran.append("second")
        raise Stalled(Reason.INVALID_SPEC, "Change it")

    async def third(state: State, ctx: Context) -> None:
        ran.append("third")

    bench.phases += (first, second, third)
    async with bench.running():
        await bench.create()
        await bench.conditions(["Ready=False InvalidSpec", "Stalled=True InvalidSpec"])
    assert ran == ["first", "second"]
    assert bench.metrics.value(m.RECONCILE_ERRORS, "Queue", "InvalidSpec") == 1


async def test_transient_failures_are_shown_after_three_in_a_row(bench: Bench) -> None:
    failing = True
    passes = 0

    async def fail(state: State, ctx: Context) -> None:
        nonlocal passes
        passes += 1
        if failing:
            raise Transient(Reason.RETRYING, "It does not answer")

    bench.phases.append(fail)
    async with bench.running():
        await bench.create()
        await bench.idle()
        for wait, want in ((1, 2), (2, 3)):
            await bench.conditions([])
            await bench.pass_time(wait)
            assert passes == want
        await bench.conditions(["Reconciling=True Retrying"])
        failing = False
        await bench.pass_time(4)
        await bench.conditions(["Ready=True Reconciled"])
        assert bench.queue.agenda.delayed == 2, "the resync, and the nothing that moves time"


async def test_lost_races_are_repeated_and_never_shown(bench: Bench) -> None:
    passes = 0

    async def race(state: State, ctx: Context) -> None:
        nonlocal passes
        passes += 1
        if passes < 6:
            raise Conflict("somebody was faster", status=409)

    bench.phases.append(race)
    async with bench.running():
        await bench.create()
        for _ in range(6):
            await bench.idle()
            await bench.pass_time(60)
        await bench.conditions(["Ready=True Reconciled"])
    assert bench.metrics.value(m.RECONCILE_ERRORS, "Queue", "ApiServerRefused") is None


async def test_the_earliest_wish_decides_when_the_next_pass_comes(bench: Bench) -> None:
    passes = 0

    async def ask(state: State, ctx: Context) -> None:
        nonlocal passes
        passes += 1
        state.again(50)
        state.again(5)
        raise Waiting(20, Reason.PROGRESSING, "Not yet")

    bench.phases.append(ask)
    async with bench.running():
        made = await bench.create()
        await bench.idle()
        await bench.pass_time(4.9)
        assert passes == 1
        await bench.pass_time(0.2)
        assert passes == 2
        bench.queue.add(key_of(made))
        await bench.idle()
        assert passes == 3, "an event does not wait"


async def test_a_pass_that_hangs_is_ended_and_told(bench: Bench) -> None:
    async def hang(state: State, ctx: Context) -> None:
        await asyncio.sleep(60)

    bench.phases.append(hang)
    async with bench.running():
        await bench.create()
        await bench.idle()
    assert bench.metrics.value(m.RECONCILE_ERRORS, "Queue", "InternalError") == 1


async def test_what_is_being_deleted_runs_other_phases(bench: Bench) -> None:
    ran: list[str] = []

    async def keep(state: State, ctx: Context) -> None:
        ran.append("keep")

    async def let_go(state: State, ctx: Context) -> None:
        ran.append("let go")
        await ctx.client.merge_patch(QUEUES, state.name, state.namespace, {"metadata": {"finalizers": None}})

    bench.phases.append(keep)
    bench.delete_phases.append(let_go)
    async with bench.running():
        made = await bench.create(finalizers=["example.com/keep"])
        patched = await bench.client.merge_patch(
            QUEUES, "q", bench.namespace, {"metadata": {"finalizers": ["example.com/keep"]}}
        )
        bench.world.seen("put", patched)
        await bench.idle()
        await bench.client.delete(QUEUES, "q", bench.namespace)
        bench.world.seen("put", await bench.client.get(QUEUES, "q", bench.namespace))
        await bench.idle()
        assert ran[-1] == "let go"
        bench.world.seen("remove", made)
        await bench.idle()
    with pytest.raises(NotFound):
        await bench.client.get(QUEUES, "q", bench.namespace)


async def test_what_is_gone_is_forgotten_everywhere(bench: Bench) -> None:
    async with bench.running():
        made = await bench.create()
        await bench.idle()
        name = QueueName(bench.namespace, "q")
        bench.context.observations.record(name, 5, wake=False)
        bench.metrics.set(m.QUEUE_JOBS, bench.namespace, "q", "waiting", value=5)
        bench.world.seen("remove", made)
        await bench.idle()
        assert bench.context.observations.latest(name) is None
        assert bench.metrics.value(m.QUEUE_JOBS, bench.namespace, "q", "waiting") is None
        assert bench.queue.agenda.delayed == 0


async def test_few_passes_begin_in_one_turn_of_the_event_loop(bench: Bench) -> None:
    turn, begun = 0, Counter[int]()

    async def turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def count(state: State, ctx: Context) -> None:
        begun[turn] += 1
        raise Transient(Reason.API_SERVER_REFUSED, "", quiet=True)

    bench.phases = [count]
    for number in range(200):
        one = applied(queue(f"q{number}"), bench.namespace)
        one["metadata"] |= {"uid": f"uid-{number}", "resourceVersion": "1", "generation": 1}
        bench.world.seen("put", one)
    turning = asyncio.create_task(turns())
    async with bench.running(workers=100):
        await bench.idle()
    turning.cancel()
    assert begun.total() == 200
    assert max(begun.values()) <= A_TURN


ENDS: dict[str, tuple[Exception, type[Exception]]] = {
    "a lost race": (Conflict("x"), Transient),
    "a name that is taken is a lost race too": (AlreadyExists("x"), Transient),
    "no answer": (Unreachable("x"), Transient),
    "a busy server": (TooManyRequests("x", retry_after=7), Waiting),
    "no rights": (Forbidden("x"), Waiting),
    "what must be there is not": (NotFound("x"), Waiting),
}


@pytest.mark.parametrize(("error", "want"), ENDS.values(), ids=ENDS)
def test_errors_of_the_api_server_become_ends_of_passes(error: Any, want: type[Exception]) -> None:
    made = from_api(error)
    assert type(made) is want
    if isinstance(made, Waiting):
        assert made.after == (error.retry_after or 30)
