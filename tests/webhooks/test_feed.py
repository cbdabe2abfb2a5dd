"""The snapshot follows a real API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from kube import config
from kube.client import Client
from policies import MemorySnapshot
from tests.policies.objects import policy, pool, queue
from tests.webhooks.install import Install
from tests.webhooks.kubectl import apply, kubectl
from tests.webhooks.test_real_api_server import made
from webhooks.feed import Feed, sources
from webhooks.settings import Scope


@pytest.mark.parametrize(
    ("scope", "want_followed"),
    [
        (Scope.NAMESPACED, [("queues", "media"), ("workerpools", "media"), ("policies", "media")]),
        (
            Scope.CLUSTER,
            [
                ("queues", None),
                ("workerpools", None),
                ("policies", None),
                ("clusterpolicies", None),
                ("namespaces", None),
            ],
        ),
    ],
)
def test_what_is_followed(scope: Scope, want_followed: list[tuple[str, str | None]]) -> None:
    followed = [(source.resource.plural, source.namespace) for source in sources(scope, "media")]
    assert followed == want_followed


@asynccontextmanager
async def following(
    install: Install, scope: Scope, namespace: str, clock: Callable[[], float]
) -> AsyncIterator[tuple[Feed, MemorySnapshot]]:
    snapshot = MemorySnapshot()
    async with Client(await config.load(install.cluster.kubeconfig)) as client:
        feed = Feed(client, snapshot, sources(scope, namespace), clock=clock)
        running = asyncio.create_task(feed.run())
        try:
            async with asyncio.timeout(20):
                await feed.synced.wait()
            yield feed, snapshot
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def seen(what: str, probe: Callable[[], object]) -> None:
    """Wait until the probe is true of the snapshot; the loop must turn for the feed to hear."""
    for _ in range(400):
        if probe():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{what}: not within 20 s; last seen: {probe()!r}")


@pytest.mark.control_plane
async def test_it_holds_what_the_api_server_holds(install: Install, team: str) -> None:
    assert apply(install.cluster, made(queue("early"), team), made(policy(), team)).code == 0
    async with following(install, Scope.CLUSTER, "", lambda: 0.0) as (_, snapshot):
        assert list(snapshot.queues(team)) == ["early"]
        # ClusterPolicies of other tests may be there too.
        assert [view.name for view in snapshot.policies(team) if view.namespace] == ["limits"]
        assert snapshot.namespace_labels(team)["team"] == team
        assert apply(install.cluster, made(queue("late"), team), made(pool(), team)).code == 0
        await seen("a new queue and a new pool", lambda: "late" in snapshot.queues(team) and snapshot.pools(team))
        kubectl(install.cluster, "delete", "-n", team, "queues.work.headgate.dev", "early")
        await seen("a deleted queue is forgotten", lambda: list(snapshot.queues(team)) == ["late"])
        changed = made(policy(action="Warn"), team)
        assert apply(install.cluster, changed).code == 0
        await seen("a changed policy", lambda: snapshot.policies(team)[0].spec["action"] == "Warn")


@pytest.mark.control_plane
async def test_a_namespaced_install_sees_its_namespace_only(install: Install, team: str) -> None:
    assert apply(install.cluster, made(queue(), team)).code == 0
    async with following(install, Scope.NAMESPACED, "default", lambda: 0.0) as (_, snapshot):
        assert snapshot.queues(team) == {}


@pytest.mark.control_plane
async def test_its_age_is_that_of_the_watch_that_was_silent_longest(install: Install, team: str) -> None:
    times = [0.0]
    async with following(install, Scope.NAMESPACED, team, lambda: times[0]) as (feed, snapshot):
        assert feed.age() == 0
        times[0] = 30.0
        assert apply(install.cluster, made(queue(), team)).code == 0
        await seen("the new queue", lambda: snapshot.queues(team))
        times[0] = 60.0
        assert apply(install.cluster, made(queue("late"), team)).code == 0
        await seen("another queue", lambda: "late" in snapshot.queues(team))
        # The other watches were taken up before the second change, whether before the first or after it.
        assert feed.age() in (30, 60), "the other watches said nothing"
