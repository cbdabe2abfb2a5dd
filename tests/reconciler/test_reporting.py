"""Reports on a real API server: written when something changed, put back when somebody else did, gone with the need."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kube.client import Client, Object
from kube.errors import NotFound
from kube.resources import NAMESPACES, REPORTS
from reconciler import metrics
from reconciler.reporting import Reports, background
from reconciler.settings import Scope, Settings
from tests.cluster.cluster import Cluster
from tests.policies.objects import namespace as labelled
from tests.policies.objects import policy, pool, queue
from tests.reconciler import openreports
from tests.reconciler.account import make_account
from tests.reconciler.builders import policy as policy_of
from tests.reconciler.builders import pool as pool_of
from tests.reconciler.builders import queue as queue_of
from tests.reconciler.objects import Objects
from tests.reconciler.phases.worlds import World
from tests.reconciler.reconcilers import Reconcilers

pytestmark = pytest.mark.control_plane

STRICT = policy(limits={"maxReplicasPerPool": 5})


@pytest.fixture
def kind(kinds: Cluster) -> None:
    openreports.serve(kinds)


class Kept:
    """A world whose reports are kept in `namespace` of the API server."""

    def __init__(self, client: Client, namespace: str, scope: Scope = Scope.NAMESPACED) -> None:
        self.client, self.namespace, self.world = client, namespace, World()
        self.ctx = self.world.ctx
        self.ctx.client = client
        self.ctx.settings = replace(self.ctx.settings, namespace=namespace, scope=scope, reports=True)
        self.version = 0

    def store(self, *objects: Object) -> None:
        for obj in objects:
            self.version += 1
            metadata = {**obj["metadata"], "resourceVersion": str(self.version), "generation": self.version}
            if obj["kind"] != "Namespace":
                metadata["namespace"] = metadata["namespace"].replace("media", self.namespace)
            self.ctx.world.store.put({**obj, "metadata": metadata})
            self.ctx.snapshot.put(obj["kind"], {**obj, "metadata": metadata})

    def forget(self, kind: str, name: str) -> None:
        for obj in self.ctx.store.all(kind, self.namespace):
            if obj["metadata"]["name"] == name:
                self.ctx.world.store.remove(obj)
                self.ctx.snapshot.remove(kind, obj)

    async def report(self) -> Object:
        return await self.client.get(REPORTS, f"headgate-{self.namespace}", self.namespace)

    @property
    def writes(self) -> float:
        return self.ctx.metrics.value(metrics.REPORT_WRITES) or 0

    @property
    def failing(self) -> float | None:
        return self.ctx.metrics.value(metrics.REPORTS_FAILING)


async def test_it_follows_what_the_policies_say(kind: None, client: Client, namespace: str) -> None:
    kept = Kept(client, namespace)
    kept.store(queue(), STRICT, pool())
    reports = Reports(kept.ctx)
    await reports.look()
    first = await kept.report()
    assert first["summary"] == {"pass": 1, "fail": 1, "error": 0, "warn": 0, "skip": 0}
    assert [(one["rule"], one["resources"][0]["name"]) for one in first["results"]] == [
        ("limits.maxReplicasPerPool", "thumbnails")
    ]
    for _ in range(3):
        await reports.look()
    assert kept.writes == 1, "nothing changed"
    kept.store(pool(scaling={"maxReplicas": 3}))
    await reports.look()
    assert (await kept.report())["summary"]["fail"] == 0
    kept.forget("Policy", "limits")
    await reports.look()
    with pytest.raises(NotFound):
        await kept.report()
    assert (kept.writes, kept.failing) == (2, 0)


async def test_a_new_leader_writes_nothing_that_stands_already(kind: None, client: Client, namespace: str) -> None:
    kept = Kept(client, namespace)
    kept.store(queue(), STRICT, pool())
    await Reports(kept.ctx).look()
    before = (await kept.report())["metadata"]["resourceVersion"]
    await Reports(kept.ctx).look()
    assert (kept.writes, (await kept.report())["metadata"]["resourceVersion"]) == (1, before)


async def test_what_somebody_else_does_to_it_is_undone(kind: None, client: Client, namespace: str) -> None:
    kept = Kept(client, namespace)
    kept.store(queue(), STRICT, pool())
    reports = Reports(kept.ctx)
    await reports.look()
    want = (await kept.report())["results"]
    await client.merge_patch(REPORTS, f"headgate-{namespace}", namespace, {"results": []})
    await reports.look()
    assert (await kept.report())["results"] == want
    await client.delete(REPORTS, f"headgate-{namespace}", namespace)
    await reports.look()
    assert (await kept.report())["results"] == want


async def test_those_of_others_stay(kind: None, client: Client, namespace: str) -> None:
    other = {"apiVersion": REPORTS.api_version, "kind": "Report", "metadata": {"name": "trivy", "namespace": namespace}}
    await client.create(REPORTS, other)
    kept = Kept(client, namespace)
    await Reports(kept.ctx).look()
    assert (await client.get(REPORTS, "trivy", namespace))["metadata"]["name"] == "trivy"


async def test_an_install_of_cluster_scope_leaves_out_what_is_claimed(
    kind: None, client: Client, namespace: str
) -> None:
    await client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{namespace}-b"}})
    try:
        kept = Kept(client, namespace, Scope.CLUSTER)
        elsewhere = {"namespace": f"{namespace}-b"}
        kept.store(labelled(f"{namespace}-b", **{"headgate.dev/install": "other"}))
        kept.store(queue(), STRICT, pool(), pool(metadata=elsewhere), policy("limits", limits={"maxConcurrency": 1}))
        kept.store({**STRICT, "metadata": {**STRICT["metadata"], **elsewhere}})
        await Reports(kept.ctx).look()
        assert await kept.report()
        with pytest.raises(NotFound):
            await client.get(REPORTS, f"headgate-{namespace}", f"{namespace}-b")
    finally:
        await client.delete(NAMESPACES, f"{namespace}-b")


async def test_a_cluster_without_the_kind_is_said_once_and_asked_again(
    kind: None, client: Client, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(client, namespace)
    kept.store(queue(), STRICT, pool())
    reports = Reports(kept.ctx, kind=replace(REPORTS, version="v0"))
    with caplog.at_level(logging.WARNING):
        await reports.look()
        await reports.look()
    said = [record.getMessage() for record in caplog.records]
    want = "the cluster has no kind reports.openreports.io: install the CustomResourceDefinitions of openreports.io"
    assert (said, kept.failing) == ([want], 1)
    reports.kind = REPORTS
    await reports.look()
    assert kept.failing == 0
    assert await kept.report()


def test_the_process_keeps_them_with_the_rights_of_the_chart(
    kind: None, kinds: Cluster, namespace: str, reconcilers: Reconcilers, objects: Objects, tmp_path: Path
) -> None:
    objects.apply(queue_of("q"), policy_of("limits"), pool_of("large", "q"))
    reconcilers.program = "tests.reconciler.phases.program"
    flags = ("--reports", "true", "--report-every", "0.5", "--local-brokers", "true")
    one = reconcilers.start(*flags, kubeconfig=make_account(kinds, namespace, tmp_path))

    def summary() -> str:
        return str(objects.get(str(REPORTS), f"headgate-{namespace}").get("summary"))

    def lacking() -> str | None:
        try:
            said = summary()
        except RuntimeError as error:
            return str(error)
        return None if "'pass': 2" in said else said

    reconcilers.until(one, "the report counts both objects", lacking)
    assert one.metric("headgate_reports_failing") == 0
    assert not any("reports" in message for message in one.messages("warning") + one.messages("error"))


@pytest.mark.parametrize(("asked", "want"), [(False, 0), (True, 1)])
def test_they_are_kept_where_they_are_asked_for(asked: bool, want: int) -> None:
    settings: dict[str, Any] = {"reports": asked}
    assert len(background(Settings(**settings))) == want
