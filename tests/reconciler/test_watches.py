"""Watches that die, an API server that goes and comes back, and CRDs that arrive late."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crds import meta
from kube.client import Client
from kube.errors import Unreachable
from kube.resources import DEPLOYMENTS, PODS, STATEFUL_SETS, Resource
from reconciler.status import RESOURCES
from tests.cluster import state
from tests.cluster.cluster import Cluster, start_control_plane
from tests.cluster.control_plane import Settings
from tests.cluster.state import State
from tests.kinds import serve
from tests.reconciler.builders import policy, pool, queue
from tests.reconciler.freezer import frozen_way
from tests.reconciler.objects import READY, Objects, wait_for
from tests.reconciler.reconcilers import Reconciler, Reconcilers

LABELS = {meta.LABEL_POOL: "p", meta.LABEL_POOL_UID: "uid-p"}
POD_SPEC = {"containers": [{"name": "worker", "image": "registry.example.com/worker:1"}]}


def children() -> tuple[dict[str, Any], ...]:
    """A Deployment and a StatefulSet without replicas, and a pod that nothing schedules."""
    run = {
        "replicas": 0,
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD_SPEC},
    }
    named = {"apiVersion": "apps/v1", "metadata": {"name": "p", "labels": LABELS}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "labels": LABELS},
        "spec": POD_SPEC,
    }
    return (
        {**named, "kind": "Deployment", "spec": run},
        {**named, "kind": "StatefulSet", "spec": {**run, "serviceName": "p"}},
        pod,
    )


TOUCHED: tuple[tuple[Resource, str], ...] = (
    (RESOURCES["Queue"], "q"),
    (RESOURCES["WorkerPool"], "p"),
    (RESOURCES["Policy"], "limits"),
    (DEPLOYMENTS, "p"),
    (STATEFUL_SETS, "p"),
    (PODS, "p"),
)


async def touch(client: Client, namespace: str) -> None:
    """Change an object of every watched kind, several times a second, until cancelled."""
    count = 0
    while True:
        count += 1
        for resource, name in TOUCHED:
            # A connection that the server has just closed for being idle is no silence of the watches.
            with contextlib.suppress(Unreachable):
                await client.merge_patch(resource, name, namespace, {"metadata": {"annotations": {"n": str(count)}}})
        await asyncio.sleep(0.2)


async def until(reconcilers: Reconcilers, one: Reconciler, what: str, probe: Callable[[], str | None]) -> None:
    await asyncio.to_thread(reconcilers.until, one, what, probe)


async def test_a_dead_watch_is_noticed_though_its_connection_is_open(
    kinds: Cluster, client: Client, namespace: str, reconcilers: Reconcilers, objects: Objects, tmp_path: Path
) -> None:
    await asyncio.to_thread(objects.apply, queue("q"), pool("p"), policy("limits"), *children())
    async with frozen_way(kinds, tmp_path) as (freezer, kubeconfig):
        flags = ("--watch-silence", "5", "--request-timeout", "1", "--lease-duration", "60", "--renew-deadline", "45")
        touching = asyncio.create_task(touch(client, namespace))
        one = await asyncio.to_thread(reconcilers.start, *flags, kubeconfig=kubeconfig)
        await asyncio.to_thread(reconcilers.until_leading, one)
        age = 'headgate_watch_age_seconds{resource="pods"}'
        reached = asyncio.get_running_loop().time() + 7

        while asyncio.get_running_loop().time() < reached:
            assert (await asyncio.to_thread(one.page, "/healthz"))[0] == 200
            await asyncio.sleep(0.2)
        assert (await asyncio.to_thread(one.metric, age) or 99) < 5

        freezer.freeze()

        def dead() -> str | None:
            status, text = one.page("/healthz")
            return None if status == 503 and "pods silent for" in text else text

        await until(reconcilers, one, "/healthz tells of the dead watch", dead)
        assert await asyncio.to_thread(one.leads), "its other requests still go through"
        assert freezer.frozen >= len(TOUCHED)
        touching.cancel()
        await asyncio.gather(touching, return_exceptions=True)


@pytest.fixture
def own_plane() -> Iterator[tuple[Cluster, State]]:
    """A control plane of this test's own, without CRDs."""
    claimed = state.claim()
    try:
        yield start_control_plane(claimed, Settings(controllers=False)), claimed
    finally:
        claimed.remove()


@pytest.mark.control_plane
def test_late_crds_and_a_restart_of_the_api_server_are_outlived(
    own_plane: tuple[Cluster, State], tmp_path: Path
) -> None:
    cluster, servers = own_plane
    reconcilers = Reconcilers(cluster.kubeconfig, "default", tmp_path)
    objects = Objects(cluster, "default")
    try:
        one = reconcilers.start("--lease-duration", "90", "--renew-deadline", "80")
        status, text = one.page("/readyz")
        assert (status, text.splitlines()[0]) == (
            503,
            "[-] crds: the CustomResourceDefinitions of Headgate are not installed",
        )
        assert one.page("/healthz")[0] == 200, "there is nothing that a restart would mend"
        serve(cluster)
        reconcilers.until_leading(one)
        objects.apply(queue("before"))
        wait_for(reconcilers, one, objects, "queue", "before", READY)

        restart(cluster, servers)
        objects.apply(queue("after"))
        objects.delete("queue", "before")
        wait_for(reconcilers, one, objects, "queue", "after", READY)
        assert one.leads()
        assert one.page("/healthz")[0] == 200
        assert one.process.poll() is None, "it is the same process"
    finally:
        reconcilers.kill_all()


@pytest.mark.control_plane
def test_a_leader_outlives_an_api_server_that_is_away_for_longer_than_its_lease(
    own_plane: tuple[Cluster, State], tmp_path: Path
) -> None:
    cluster, servers = own_plane
    serve(cluster)
    reconcilers = Reconcilers(cluster.kubeconfig, "default", tmp_path)
    objects = Objects(cluster, "default")
    try:
        one = reconcilers.start("--lease-duration", "4", "--renew-deadline", "3", "--retry-period", "0.5")
        reconcilers.until_leading(one)
        before = term(objects)
        with away(cluster, servers):
            reconcilers.until(one, "it stops acting", lambda: "it leads" if one.leads() else None)
            lapsed = time.monotonic() + 4
            reconcilers.until(one, "the Lease is over", lambda: "not yet" if time.monotonic() < lapsed else None)
        reconcilers.until_leading(one, 10)
        assert term(objects) == before, "it is the same term"
        objects.apply(queue("after"))
        wait_for(reconcilers, one, objects, "queue", "after", READY)
        assert one.process.poll() is None, "it is the same process"
    finally:
        reconcilers.kill_all()


def term(objects: Objects) -> tuple[str, str, int]:
    """Who leads, since when, and how many led before."""
    spec = objects.get("lease", "headgate-reconciler")["spec"]
    return spec["holderIdentity"], spec["acquireTime"], spec["leaseTransitions"]


def restart(cluster: Cluster, servers: State) -> None:
    """End the API server and start it again as it was."""
    with away(cluster, servers):
        pass


@contextlib.contextmanager
def away(cluster: Cluster, servers: State) -> Iterator[None]:
    """The API server is ended, and afterwards started again as it was."""
    process = servers.running()["kube-apiserver"]
    argv = Path(f"/proc/{process.pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
    servers.stop("kube-apiserver")
    yield
    servers.start("kube-apiserver", argv)

    def ready() -> str | None:
        try:
            cluster.kubectl("get", "--raw", "/readyz")
        except RuntimeError as error:
            return str(error)
        return None

    servers.wait("the API server is back", ["kube-apiserver"], ready, 60)
