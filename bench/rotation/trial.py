"""The trial: both charts on an API server, the leader and two replicas as processes, and everything that changes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.rotation.kubelet import CLOSES, KEEPS, Kubelet
from bench.rotation.load import Load
from bench.rotation.processes import as_account, start
from certs.material import TLS_CERTIFICATE, read_bundle
from certs.store import NAME, decoded
from headgate.patience import Patience
from headgate.startup import why_not_answered
from kube import config
from kube.client import Client
from kube.errors import ApiError
from kube.resources import SECRETS
from tests.chart.helm import CRDS, HEADGATE, Helm
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.control_plane import Settings
from tests.cluster.own_address import own_address

NAMESPACE: Final = "rotation"
LINGER_SECONDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is tried. The trial ends when all of it has happened, or fails after `limit` seconds."""

    requests: int
    changes: int
    """Changes of authority from beginning to end, over kept and over fresh connections in turns; with each turn both
    replicas are replaced, one after the other."""
    authority_seconds: float
    leaf_seconds: float
    limit: float
    pause: float = 0.0
    """Seconds that each of the askers rests after an answer."""


@dataclass(slots=True)
class Result:
    """What happened. `authorities` and `leaves` are fingerprints in the order in which they were seen."""

    requests: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    slowest: float = 0.0
    authorities: list[str] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)
    finished: int = 0
    """Changes of authority after which the old one was dropped."""
    replaced: int = 0
    codes: set[int] = field(default_factory=set)
    kept: float = 0.0
    fresh: float = 0.0


def run(plan: Plan) -> Result:
    with running_control_plane(Settings(apiserver_flags=("--enable-aggregator-routing=true",))) as cluster:
        install(cluster)
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(_trial(plan, cluster, Path(folder)))


def install(cluster: Cluster) -> None:
    """Both charts; their pods are not run by anybody."""
    helm = Helm(cluster.kubeconfig)
    helm.run("install", "headgate-crds", CRDS, "-n", "headgate-crds", "--create-namespace")
    helm.run("install", "headgate", HEADGATE, "-n", NAMESPACE, "--create-namespace", "--no-hooks")
    cluster.kubectl("wait", "--for=condition=Established", "crd", "-l", "app.kubernetes.io/part-of=headgate")


async def _trial(plan: Plan, cluster: Cluster, folder: Path) -> Result:
    result = Result()
    async with Client(await config.load(cluster.kubeconfig), warnings=lambda _: None) as client:
        webhook = as_account(cluster, NAMESPACE, "headgate-webhook", folder)
        flags = (f"--kubeconfig={webhook}", f"--namespace={NAMESPACE}")
        timing = (f"--linger-seconds={LINGER_SECONDS}", "--cert-poll-seconds=1")
        kubelet = Kubelet(client, NAMESPACE, own_address(), folder, *flags, *timing)
        load = Load(client, NAMESPACE, pause=plan.pause)
        with contextlib.ExitStack() as stack:
            stack.callback(kubelet.stop)
            async with beside(_lead(plan, cluster, folder), kubelet.run(), _follow(client, result)):
                await kubelet.add("a", KEEPS)
                await kubelet.add("b", KEEPS)
                await _until_answered(client)
                began = time.monotonic()
                async with beside(load.run()), asyncio.timeout(plan.limit):
                    for change in range(1, plan.changes + 1):
                        await _phase(kubelet, load, result, change, plan.requests // plan.changes)
                result.seconds = time.monotonic() - began
    result.requests, result.failures, result.slowest = load.requests, dict(load.failures), load.slowest
    result.kept, result.fresh = kubelet.reviews[KEEPS], kubelet.reviews[CLOSES]
    return result


async def _lead(plan: Plan, cluster: Cluster, folder: Path) -> None:
    """The leader, started again whenever it ends, as the kubelet does: one that cannot renew its Lease leaves."""
    account = as_account(cluster, NAMESPACE, "headgate-reconciler", folder)
    flags = (
        *(f"--kubeconfig={account}", f"--namespace={NAMESPACE}", "--metrics-host=127.0.0.1", "--metrics-port=0"),
        *(f"--authority-lifetime={plan.authority_seconds}", f"--leaf-lifetime={plan.leaf_seconds}"),
        "--certificate-settle=3",
    )
    for turn in itertools.count():
        leader = await asyncio.to_thread(start, f"leader-{turn}", folder, "headgate", "reconciler", *flags)
        try:
            await when(lambda leader=leader: leader.process.poll() is not None)  # type: ignore[misc]
        finally:
            leader.kill()


@contextlib.asynccontextmanager
async def beside(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Works that last as long as the block does; one that breaks, breaks the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()


async def _phase(kubelet: Kubelet, load: Load, result: Result, change: int, requests: int) -> None:
    """One change of authority under one kind of connections; every phase but the first begins with a roll-out."""
    finished = result.finished + 1
    if change > 1:
        await _roll(kubelet, (KEEPS, CLOSES)[(change - 1) % 2], result)
    requests += load.requests
    await when(lambda: load.requests >= requests and result.finished >= finished)


async def when(holds: Callable[[], bool]) -> None:
    while True:
        if holds():
            return
        await asyncio.sleep(0.2)


async def _until_answered(client: Client) -> None:
    patience = Patience(60.0)
    while why := await why_not_answered(client, NAMESPACE):
        if patience.over:
            raise RuntimeError(f"the API server does not reach the webhook: {why}")
        await patience.pause()


async def _roll(kubelet: Kubelet, module: str, result: Result) -> None:
    """As a Deployment does it: a new replica is ready before an old one is asked to leave."""
    for name in list(kubelet.replicas):
        await kubelet.add(f"{name}{'k' if module is KEEPS else 'c'}", module)
        result.codes.add(await kubelet.remove(name))
        result.replaced += 1


async def _follow(client: Client, result: Result) -> None:
    """Notes every authority and leaf that the Secret ever holds."""
    in_change = False
    while True:
        with contextlib.suppress(ApiError):
            data = decoded(await client.get(SECRETS, NAME, NAMESPACE))
            bundle = read_bundle(data)
            _note(result.authorities, f"{bundle[0].serial_number:x}")
            _note(result.leaves, data[TLS_CERTIFICATE].hex()[-400:])
            result.finished += in_change and len(bundle) == 1
            in_change = len(bundle) > 1
        await asyncio.sleep(0.2)


def _note(seen: list[str], what: str) -> None:
    if not seen or seen[-1] != what:
        seen.append(what)
