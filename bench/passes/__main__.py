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

import uvloop

from bench.passes.world import Reconciler
from bench.reconcile.measuring import Process, quantile, samples, total
from reconciler import polling
from tests.cluster import redis, state

LAG = "headgate_decision_lag_seconds"
TOOK = "headgate_reconcile_duration_seconds_count"


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
        f"poll {given.poll:g} s, measured for {given.seconds:g} s each; nothing of an API server is in this", flush=True
    )
    servers = state.claim()
    try:
        for pools in given.pools:
            with redis.running(servers) as server:
                uvloop.run(run(Options(pools, given.seconds, given.poll, tuple(given.moved)), server.url))
    finally:
        servers.remove()


async def run(options: Options, url: str) -> None:
    began = time.process_time()
    one = Reconciler(options.pools, url, options.poll)
    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(one.work()), tasks.create_task(polling.keep(one.context))]
        await _settled(one, options)
        cost = time.process_time() - began
        print(f"\n{options.pools} pools: passed over, with their children made, in {cost:.1f} s of CPU", flush=True)
        await asyncio.sleep(options.poll + 1)
        await _measured(one, options, "nothing happens", asyncio.sleep(options.seconds))
        for part in options.moved:
            what = f"each second a job comes or goes in {100 * part:g} % of the queues"
            await _measured(one, options, what, _elsewhere(url, options, part))
        one.loop.stop()
        for task in beside:
            task.cancel()
    await one.context.brokers.close()


async def _settled(one: Reconciler, options: Options) -> None:
    """Every queue is read with the others, and nothing is due."""
    while len(one.context.polls) < options.pools or one.queue.agenda.depth:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.2)


async def _elsewhere(url: str, options: Options, part: float) -> None:
    """In a process of its own, so that moving jobs is not counted."""
    words = f"{url!r}, {options.pools}, {options.seconds}, {part}"
    moving = f"import asyncio; from bench.reconcile.world import move_jobs; asyncio.run(move_jobs({words}))"
    process = await asyncio.create_subprocess_exec("python", "-c", moving)
    if await process.wait():
        raise RuntimeError("the jobs could not be moved")


async def _measured(one: Reconciler, options: Options, what: str, meanwhile: Awaitable[object]) -> None:
    before, cpu, writes, began = _samples(one), time.process_time(), one.api.writes, time.monotonic()
    await meanwhile
    cpu, took, writes = time.process_time() - cpu, time.monotonic() - began, one.api.writes - writes
    after = _samples(one)
    passes = {kind: total(after, TOOK, kind=kind) - total(before, TOOK, kind=kind) for kind in ("Queue", "WorkerPool")}
    lag = [1000 * quantile(before, after, LAG, part) for part in (0.5, 0.95)]
    print(
        f"  {what}: CPU {100 * cpu / took:.0f} %, {1e6 * cpu / took / options.pools:.0f} us a pool and second,"
        f" RSS {Process.of(os.getpid()).rss:.0f} MiB; {writes} writes, {passes['Queue']:.0f} passes over Queues,"
        f" {passes['WorkerPool']:.0f} over pools; {total(after, LAG + '_count') - total(before, LAG + '_count'):.0f}"
        f" decisions, lag p50 {lag[0]:.0f} ms, p95 {lag[1]:.0f} ms",
        flush=True,
    )


def _samples(one: Reconciler) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return dict(samples(one.context.metrics.text().decode()))


if __name__ == "__main__":
    main()
