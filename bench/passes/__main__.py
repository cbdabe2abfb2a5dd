"""`python -m bench.passes`: what the reconciler itself costs for many pools, with a real Redis and no API server.

All figures of cost are seconds of CPU of this process, so they hold on a machine that does other things too; those of
the lag do not. `bench.reconcile` measures the whole.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from math import isnan

import uvloop

from bench.passes.world import Reconciler
from bench.reconcile import world
from bench.reconcile.measuring import Process, quantile, samples, total
from reconciler import heap, polling
from tests.cluster import redis, state

LAG = "headgate_decision_lag_seconds"
HEAD = "POOLS  MOVED  CPU %     US    MIB  WRITES  QUEUES   POOLS  DECISIONS  P50 MS  P95 MS"
"""Queues that move a second, `silent` where not even workers tell that they live; CPU, and the same a pool and second;
memory; passes over Queues and pools; the lag.
"""
TOOK = "headgate_reconcile_duration_seconds_count"
HEARD_SECONDS = 40
"""So long workers tell that they live before it is measured what that costs: that they do is news."""


@dataclass(frozen=True, slots=True)
class Options:
    pools: int
    seconds: float
    poll: float
    moved: tuple[float, ...]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.passes", description=__doc__)
    parser.add_argument("--pools", type=int, nargs="+", default=[100, 1000, 3000])
    parser.add_argument("--seconds", type=float, default=20, help="length of one measurement")
    parser.add_argument("--poll", type=float, default=1.0, help="seconds between two readings of a queue")
    parser.add_argument("--moved", type=float, nargs="+", default=[0.02, 0.5], help="queues with a change, each second")
    given = parser.parse_args()
    print(
        f"poll {given.poll:g} s, measured for {given.seconds:g} s each, without an API server",
        HEAD,
        sep="\n",
        flush=True,
    )
    servers = state.claim()
    try:
        for pools in given.pools:
            with redis.running(servers) as server:
                uvloop.run(run(Options(pools, given.seconds, given.poll, tuple(given.moved)), server.url))
    finally:
        servers.remove()


async def run(options: Options, url: str) -> None:
    await world.introduce(url, options.pools)
    began = time.process_time()
    one = Reconciler(options.pools, url, options.poll)
    async with asyncio.TaskGroup() as tasks:
        beside = [
            tasks.create_task(one.work()),
            tasks.create_task(polling.keep(one.context)),
            tasks.create_task(heap.keep()),
        ]
        await _settled(one, options)
        cost = time.process_time() - began
        print(f"{options.pools:5} passed over from nothing, children made: {cost:.1f} s of CPU", flush=True)
        print(f"{options.pools:5} {_scrape(one)}", flush=True)
        await asyncio.sleep(options.poll + 1)
        await _measured(one, options, "silent", asyncio.sleep(options.seconds))
        await _elsewhere("move_jobs", url, options.pools, HEARD_SECONDS, 0)
        for part in (0, *options.moved):
            moving = _elsewhere("move_jobs", url, options.pools, options.seconds, part)
            await _measured(one, options, f"{100 * part:g} %", moving)
        one.loop.stop()
        for task in beside:
            task.cancel()
    await one.context.brokers.close()


def _scrape(one: Reconciler) -> str:
    began = time.process_time()
    text = one.context.metrics.text()
    lines, milliseconds = len(text.splitlines()), 1000 * (time.process_time() - began)
    return f"a scrape of {lines} lines takes {milliseconds:.0f} ms of CPU"


async def _settled(one: Reconciler, options: Options) -> None:
    """Every queue is read with the others, and nothing is due."""
    while len(one.context.polls) < options.pools or one.queue.agenda.depth:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.2)


async def _elsewhere(what: str, *arguments: object) -> None:
    """In a process of its own, so that what workers and producers do is not counted."""
    words = ", ".join(map(repr, arguments))
    doing = f"import asyncio; from bench.reconcile.world import {what}; asyncio.run({what}({words}))"
    process = await asyncio.create_subprocess_exec("python", "-c", doing)
    if await process.wait():
        raise RuntimeError(f"{what} failed")


async def _measured(one: Reconciler, options: Options, moved: str, meanwhile: Awaitable[object]) -> None:
    before, cpu, writes, began = await _samples(one), time.process_time(), one.api.writes, time.monotonic()
    await meanwhile
    cpu, took, writes = time.process_time() - cpu, time.monotonic() - began, one.api.writes - writes
    after = await _samples(one)
    queues, pools = (total(after, TOOK, kind=kind) - total(before, TOOK, kind=kind) for kind in ("Queue", "WorkerPool"))
    decisions = total(after, f"{LAG}_count") - total(before, f"{LAG}_count")
    lag = [_milliseconds(quantile(before, after, LAG, part)) for part in (0.5, 0.95)]
    share, each, rss = 100 * cpu / took, 1e6 * cpu / took / options.pools, Process.of(os.getpid()).rss
    print(
        f"{options.pools:5} {moved:>6} {share:6.0f} {each:6.0f} {rss:6.0f} {writes:7} {queues:7.0f} {pools:7.0f}"
        f" {decisions:10.0f} {lag[0]:>7} {lag[1]:>7}",
        flush=True,
    )


def _milliseconds(seconds: float) -> str:
    return "-" if isnan(seconds) else f"{1000 * seconds:.0f}"


async def _samples(one: Reconciler) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    # As the process does it: formatting holds nothing up.
    text = await asyncio.to_thread(one.context.metrics.text)
    return dict(await asyncio.to_thread(samples, text.decode()))


if __name__ == "__main__":
    main()
