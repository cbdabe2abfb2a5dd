"""`python -m bench.reconcile`: many pools on fake nodes, a real API server and a real Redis; what the reconciler costs.

For each number of pools: while nothing happens, while jobs come and go in some of the queues, and after a restart.

The lag of a decision is counted from the moment a queue was due to be read: with the interval of polling, which comes
on top, it is how long after a job the number of replicas changes.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.reconcile import world
from bench.reconcile.measuring import Process, Samples, quantile, samples, total
from bench.reconcile.running import Reconciler, before_the_rest
from kube import config
from kube.client import Client
from tests.cluster import redis, state
from tests.cluster.cluster import Cluster, running_fake_nodes
from tests.cluster.redis import Redis

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "crds" / "generated"
TOOK = "headgate_reconcile_duration_seconds"
LAG = "headgate_decision_lag_seconds"
HEARD_SECONDS = 40
"""So long workers tell that they live before it is measured what that costs: that they do is news."""
QUIET_SECONDS = 40
"""Without a status written for so long, nothing is left to tell: fast numbers lag by 30 s."""
REST_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Options:
    pools: int
    replicas: int
    seconds: float
    poll: float
    moved: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything that is counted, at one moment."""

    at: float
    ours: Samples
    server: Samples
    redis: float
    process: Process


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reconcile", description=__doc__)
    parser.add_argument("--pools", type=int, nargs="+", default=[100, 1000, 3000])
    parser.add_argument("--replicas", type=int, default=1, help="pods of each pool, on fake nodes, 1 at least")
    parser.add_argument("--seconds", type=float, default=60, help="length of one measurement")
    parser.add_argument("--poll", type=float, default=1.0, help="seconds between two readings of a queue")
    parser.add_argument("--moved", type=float, nargs="+", default=[0.02, 0.5], help="queues with a change, each second")
    given = parser.parse_args()
    if given.replicas < 1:
        parser.error("--replicas must be 1 at least: a pool without pods does not scale by the law that is measured")
    print(
        f"poll {given.poll:g} s, {given.replicas} pods a pool, measured for {given.seconds:g} s each;"
        f" the reconciler has {'the first claim' if before_the_rest() else 'no more claim than others'} to the cores",
        flush=True,
    )
    for pools in given.pools:
        run(Options(pools, given.replicas, given.seconds, given.poll, tuple(given.moved)))


def run(options: Options) -> None:
    with tempfile.TemporaryDirectory() as folder, running_fake_nodes(max(1, options.pools // 200)) as cluster:
        cluster.kubectl("apply", "--server-side", "-f", str(GENERATED))
        _established(cluster)
        cluster.kubectl("create", "namespace", world.NAMESPACE)
        servers = state.claim()
        try:
            with redis.running(servers) as server:
                asyncio.run(_create(cluster, options, server.url))
                measure(cluster, server, Path(folder), options)
        finally:
            servers.remove()


def _established(cluster: Cluster) -> None:
    """kubectl fails on a CustomResourceDefinition so new that it has no conditions."""
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
        else:
            return


async def _create(cluster: Cluster, options: Options, url: str) -> None:
    async with Client(await config.load(cluster.kubeconfig)) as client:
        await world.create(client, options.pools, url, options.replicas)


def measure(cluster: Cluster, server: Redis, folder: Path, options: Options) -> None:
    with _reconciler(cluster, folder, options) as first:
        seconds = _until(first, options, lambda found: _settled(found, options))
        print(f"\n{options.pools} pools: all made and reconciled in {seconds:.0f} s, from nothing", flush=True)
        _rest(first)
        _show(
            "nothing happens, and no worker tells that it lives",
            _during(cluster, server, first, options, lambda: time.sleep(options.seconds)),
            options,
        )
        asyncio.run(world.move_jobs(server.url, options.pools, HEARD_SECONDS, 0))
        for part in (0, *options.moved):
            jobs = world.move_jobs(server.url, options.pools, options.seconds, part)
            moments = _during(cluster, server, first, options, partial(asyncio.run, jobs))
            _show(
                f"workers live, and a job comes or goes each second in {100 * part:g} % of the queues", moments, options
            )
    with _reconciler(cluster, folder, options) as second:
        seconds = _until(second, options, lambda found: _all_passed(found, options))
        cost = Process.of(second.process.pid)
        print(
            f"  restart to all reconciled: {seconds:.1f} s, of them {cost.cpu:.1f} s of CPU; RSS {cost.rss:.0f} MiB",
            flush=True,
        )


@contextmanager
def _reconciler(cluster: Cluster, folder: Path, options: Options) -> Iterator[Reconciler]:
    one = Reconciler(cluster, folder, options.poll)
    try:
        yield one
    finally:
        one.stop()


def _until(one: Reconciler, options: Options, done: Callable[[Samples], bool]) -> float:
    deadline = time.monotonic() + 60 + options.pools
    while time.monotonic() < deadline:
        if one.process.poll() is not None:
            raise RuntimeError(f"the reconciler ended: {one.log.read_text()[-2000:]}")
        asked = time.monotonic()
        if done(one.metrics()):
            return time.monotonic() - one.began
        # Formatting them costs the process more the more pools there are; it shall not be what is measured.
        time.sleep(max(0.5, 4 * (time.monotonic() - asked)))
    raise TimeoutError(f"not all reconciled: {one.log.read_text()[-2000:]}")


def _all_passed(found: Samples, options: Options) -> bool:
    """Every queue read once and every pool passed over since."""
    passes = [total(found, "headgate_reconcile_duration_seconds_count", kind=kind) for kind in ("Queue", "WorkerPool")]
    return min(passes) >= options.pools and total(found, "headgate_workqueue_depth") < options.pools / 50


def _rest(one: Reconciler) -> None:
    """Wait until no status is written any more: what may lag of the beginning comes half a minute later and in turn."""
    deadline, written, since = time.monotonic() + REST_SECONDS, -1.0, 0.0
    while time.monotonic() < deadline:
        if (now := total(one.metrics(), "headgate_status_writes_total")) != written:
            written, since = now, time.monotonic()
        elif time.monotonic() - since > QUIET_SECONDS:
            return
        time.sleep(5)
    raise TimeoutError(f"statuses are still written after {REST_SECONDS} s: {written:.0f} so far")


def _settled(found: Samples, options: Options) -> bool:
    """Every pool has its pods, and said so."""
    ready = total(found, "headgate_pool_replicas", state="ready")
    known = sum(name == "headgate_pool_replicas" and ("state", "ready") in labels for name, labels in found)
    return _all_passed(found, options) and known == options.pools and ready == options.pools * options.replicas


def _during(
    cluster: Cluster, server: Redis, one: Reconciler, options: Options, action: Callable[[], object]
) -> tuple[Moment, Moment]:
    before = _moment(cluster, server, one)
    action()
    return before, _moment(cluster, server, one)


def _moment(cluster: Cluster, server: Redis, one: Reconciler) -> Moment:
    counted = samples(cluster.kubectl("get", "--raw", "/metrics"))
    commands = asyncio.run(_commands(server.url))
    return Moment(time.monotonic(), one.metrics(), counted, commands, Process.of(one.process.pid))


async def _commands(url: str) -> float:
    from redis.asyncio import Redis as RedisClient

    async with RedisClient.from_url(url) as client:
        return float((await client.info("stats"))["total_commands_processed"])


def _show(what: str, moments: tuple[Moment, Moment], options: Options) -> None:
    before, after = moments
    minutes = (after.at - before.at) / 60
    of_ours = sum(
        total(after.server, "apiserver_request_total", resource=resource)
        - total(before.server, "apiserver_request_total", resource=resource)
        for resource in ("queues", "workerpools", "deployments", "configmaps", "poddisruptionbudgets", "pods", "events")
    )
    writes = total(after.ours, "headgate_status_writes_total") - total(before.ours, "headgate_status_writes_total")
    decisions = total(after.ours, f"{LAG}_count") - total(before.ours, f"{LAG}_count")
    lag = [1000 * quantile(before.ours, after.ours, LAG, part) for part in (0.5, 0.95)]
    late = [1000 * quantile(before.ours, after.ours, "headgate_workqueue_wait_seconds", part) for part in (0.5, 0.95)]
    cpu = (after.process.cpu - before.process.cpu) / (after.at - before.at)
    print(
        f"  {what}: CPU {100 * cpu:.0f} %, {1e6 * cpu / options.pools:.0f} us a pool and second,"
        f" RSS {after.process.rss:.0f} MiB (most {after.process.most:.0f});"
        f" a pool and minute: {of_ours / minutes / options.pools:.2f} API requests,"
        f" {(after.redis - before.redis) / minutes / options.pools:.0f} Redis commands; {writes:.0f} status writes"
    )
    for kind in ("Queue", "WorkerPool"):
        took = [1000 * quantile(before.ours, after.ours, TOOK, part, kind=kind) for part in (0.5, 0.95)]
        print(f"    a pass over a {kind} takes p50 {took[0]:.1f} ms, p95 {took[1]:.1f} ms")
    print(
        f"    a due object waits p50 {late[0]:.1f} ms, p95 {late[1]:.1f} ms;"
        f" {decisions:.0f} decisions, lag p50 {lag[0]:.1f} ms, p95 {lag[1]:.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
