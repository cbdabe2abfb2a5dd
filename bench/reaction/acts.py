"""The four acts. Each makes a queue and a pool of its own, plays its load and returns what it has to say."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as Away
from redis.exceptions import TimeoutError as Silent

from bench.reaction.watching import Size, Sizes, first, latest, lowest
from examples.load import patterns, work
from examples.load.account import Account, account
from examples.load.generator import send
from examples.load.queue import Queue, QueueClient, ledger_key
from tests.node.stack import Stack, eventually, pool, queue

CONCURRENCY: Final = 4
PATIENCE: Final = 240.0
STEP_JOBS: Final = 120
STEP_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report, and whether it is as promised."""

    text: str
    fine: bool = True


@dataclass(frozen=True, slots=True)
class Bench:
    stack: Stack
    sizes: Sizes
    image: str

    def make(self, name: str, target: str, minimum: int, maximum: int) -> None:
        named = {**queue(), "metadata": {"name": name}}
        scaling = {"minReplicas": minimum, "maxReplicas": maximum, "wait": {"target": target}}
        made = pool(self.image, queues=[{"name": name}], concurrency=CONCURRENCY, scaling=scaling)
        self.stack.apply(named, {**made, "metadata": {"name": name}})
        eventually(f"{minimum} workers of {name}", lambda: latest(self.sizes.of(name).ready), minimum, PATIENCE)
        eventually(f"the size of {name}", lambda: latest(self.sizes.of(name).wanted), minimum, PATIENCE)

    def remove(self, *names: str) -> None:
        self.stack.kubectl("delete", "workerpool", *names, f"--timeout={PATIENCE:.0f}s")

    def send(self, name: str, pattern: str, jobs: int, duration: float, seconds: float) -> None:
        """Jobs of about `seconds` each, within `duration` seconds from now."""
        times = patterns.arrivals(patterns.parse(pattern), jobs, duration, 1)
        bodies = work.jobs(work.Work(seconds), name, ledger_key(name), jobs, 1)

        async def sending() -> None:
            async with self._redis() as redis:
                client = QueueClient(redis, Queue(name))
                await send(lambda batch: client.enqueue(name, batch), bodies, times, clock=time.monotonic)

        asyncio.run(sending())

    def ended(self, name: str, jobs: int) -> Account:
        """What became of the jobs, once each has ended."""

        async def reading() -> Account:
            async with self._redis() as redis:
                return account(await QueueClient(redis, Queue(name)).ledger(name))

        eventually(f"{jobs} jobs of {name}", lambda: len(asyncio.run(reading()).done), jobs, PATIENCE)
        return asyncio.run(reading())

    def _redis(self) -> Redis:
        retry = Retry(ConstantBackoff(1.0), 100)
        return Redis.from_url(self.stack.redis.server.url, retry=retry, retry_on_error=[Away, Silent])


def steps(bench: Bench, count: int) -> Iterator[Finding]:
    """12 slots' worth of jobs on pools of 4, one after the other: when was it decided, when were 12 slots ready?"""
    names = [f"step{number}" for number in range(count)]
    for name in names:
        bench.make(name, "10s", 1, 5)
    decided, ready = [], []
    for name in names:
        began = time.time()
        bench.send(name, "constant", STEP_JOBS, STEP_SECONDS, 2.0)
        size = bench.sizes.of(name)
        waits = bench.ended(name, STEP_JOBS)
        saw = first(size.wanted, began, 2), first(size.ready, began, 12 // CONCURRENCY)
        if saw[0] is None or saw[1] is None:
            yield Finding(f"{name}: never grew enough", fine=False)
            continue
        decided.append(saw[0] - began)
        ready.append(saw[1] - began)
        p95 = waits.wait(95) or 0.0
        yield Finding(f"{name}: decided after {decided[-1]:.1f} s, ready after {ready[-1]:.1f} s, p95 wait {p95:.1f} s")
    if ready:
        yield Finding(f"from load step to ready workers: median {median(ready):.1f} s of {len(ready)}")
    bench.remove(*names)


def wave(bench: Bench, seconds: float) -> Iterator[Finding]:
    """Two periods of a wave with 8 slots busy on average and 15 at its height."""
    target, jobs = 20.0, round(seconds * 4)
    bench.make("wave", f"{target:.0f}s", 1, 6)
    bench.send("wave", "sine", jobs, seconds, 2.0)
    told = bench.stack.get("queues.work.headgate.dev", "wave")["status"]
    found = bench.ended("wave", jobs)
    size, p95 = bench.sizes.of("wave"), found.wait(95) or 0.0
    yield Finding(
        f"wave: {len(found.done)} of {jobs} jobs done, p95 wait {p95:.1f} s of {target:.0f} s,"
        f" at most {max(number for _, number in size.ready)} workers;"
        f" the Queue said waitP95 {told.get('waitP95')}, {told['methods']['waitP95']}",
        fine=p95 <= target and not found.lost and not found.unended,
    )
    bench.remove("wave")


def nothing(bench: Bench, count: int) -> Iterator[Finding]:
    """A pool of no workers is woken by a lone job, and goes back."""
    bench.make("lone", "30s", 0, 2)
    size = bench.sizes.of("lone")
    for number in range(1, count + 1):
        began = time.time()
        bench.send("lone", "constant", 1, 0.1, 1.0) if number == 1 else _again(bench, number)
        woken = _woken(size, began) - began
        found = bench.ended("lone", number)
        over = time.time()
        eventually("no workers", lambda: (latest(size.wanted), latest(size.ready)), (0, 0), PATIENCE)
        yield Finding(
            f"from nothing: woken after {woken:.1f} s, done after {over - began:.1f} s,"
            f" nothing again {time.time() - over:.0f} s later",
            fine=not found.lost,
        )
    bench.remove("lone")


def _woken(size: Size, since: float) -> float:
    """When a worker was wanted."""
    eventually("a wanted worker", lambda: first(size.wanted, since, 1) is not None, True, 60)
    return first(size.wanted, since, 1) or since


def _again(bench: Bench, number: int) -> None:
    async def sending() -> None:
        async with bench._redis() as redis:
            body = {"id": f"lone-again-{number}", "ledger": ledger_key("lone"), "seconds": 1.0}
            await QueueClient(redis, Queue("lone")).enqueue("lone", [body])

    asyncio.run(sending())


def outage(bench: Bench, seconds: float) -> Iterator[Finding]:
    """Redis answers nobody in the middle of a backlog."""
    jobs = 400
    bench.make("outage", "20s", 1, 4)
    size = bench.sizes.of("outage")
    bench.send("outage", "constant", jobs, 20.0, 2.0)
    eventually("a grown pool", lambda: latest(size.ready) >= 3, True, PATIENCE)
    with _silent(bench.stack):
        began, wanted, ready = time.time(), latest(size.wanted), latest(size.ready)
        time.sleep(seconds)
        condition = bench.stack.condition("workerpools", "outage", "ScalingActive")
    ended = time.time()
    found = bench.ended("outage", jobs)
    kept = lowest(size.wanted, began, ended) >= wanted and lowest(size.ready, began, ended) >= ready
    yield Finding(
        f"Redis silent for {ended - began:.0f} s with {wanted} wanted and {ready} ready: at least"
        f" {lowest(size.wanted, began, ended)} wanted and {lowest(size.ready, began, ended)} ready meanwhile"
        f" ({' '.join(condition)}); {len(found.done)} of {jobs} jobs done, {len(found.lost)} lost,"
        f" {len(found.done_twice)} done twice",
        fine=kept and not found.lost and len(found.done) == jobs,
    )
    bench.remove("outage")


@contextmanager
def _silent(stack: Stack) -> Iterator[None]:
    """The server stands still: connections stay open, and nothing comes through them."""
    server = stack.redis.server
    pid = server.state.running()[f"redis-{server.port}"].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


ACTS: Final[dict[str, Any]] = {"steps": steps, "nothing": nothing, "outage": outage, "wave": wave}
