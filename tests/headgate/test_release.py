"""`headgate release --install` on a real API server: nothing in the namespace needs Headgate afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from certs.store import LABEL, NAME
from headgate.cli import main
from headgate.patience import Patience
from headgate.releasing import FINALIZED, GUARDS, release
from kube.client import Client, Object
from kube.errors import NotFound
from kube.resources import (
    DEPLOYMENTS,
    GUARD_BINDINGS,
    LEASES,
    MUTATING_WEBHOOKS,
    POD_DISRUPTION_BUDGETS,
    PODS,
    REPORTS,
    SECRETS,
    VALIDATING_WEBHOOKS,
    Resource,
)
from reconciler import reports
from reconciler.children.budget import disruption_budget
from reconciler.children.names import APPLIED, Owner
from tests.cluster.cluster import Cluster
from tests.reconciler import openreports

pytestmark = pytest.mark.control_plane

QUEUES, POOLS = FINALIZED
OURS, THEIRS = "headgate.dev/drain", "example.com/keep"
LABELS = {"app.kubernetes.io/name": "headgate", "app.kubernetes.io/component": "reconciler"}


def queue(name: str, *finalizers: str) -> Object:
    redis = {"layout": "List", "url": "redis://redis.media.svc:6379/0"}
    spec = {"broker": {"type": "Redis", "redis": redis}}
    return ours(QUEUES, name, spec, *finalizers)


def pool(name: str, *finalizers: str) -> Object:
    return ours(POOLS, name, {"queues": [{"name": "q"}], "image": "a/b:1", "scaling": {"maxReplicas": 2}}, *finalizers)


def ours(kind: Resource, name: str, spec: Object, *finalizers: str) -> Object:
    metadata = {"name": name, "finalizers": list(finalizers)}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


def dead_webhook(kind: Resource, namespace: str) -> Object:
    """Refuses every change of our kinds in the namespace, because nobody answers."""
    everything = {"apiGroups": ["work.headgate.dev"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["*"]}
    entry = {
        "name": "dead.work.headgate.dev",
        "clientConfig": {"service": {"name": "headgate-webhook", "namespace": namespace}},
        "rules": [everything],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
    }
    metadata = {"name": f"headgate-{namespace}"}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "webhooks": [entry]}


def reconciler() -> Object:
    container = {"name": "reconciler", "image": "localhost/headgate:none"}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "headgate-reconciler"}, "spec": spec}


def binding(policy: str, namespace: str) -> Object:
    """It guards the namespace of the test, by a policy that need not be there."""
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    spec = {
        "policyName": f"{policy}.headgate.dev",
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": selector},
    }
    return named(GUARD_BINDINGS, f"headgate-{namespace}-{policy}") | {"spec": spec}


def named(kind: Resource, name: str, **metadata: Any) -> Object:
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, **metadata}}


async def install(client: Client, namespace: str) -> None:
    for one in (queue("a", OURS), queue("b", THEIRS, OURS), queue("c")):
        await client.create(QUEUES, one, namespace)
    await client.create(POOLS, pool("p", OURS), namespace)
    for one in (budget("p", "uid-p"), budget("theirs")):
        await client.create(POD_DISRUPTION_BUDGETS, one, namespace)
    for one in (reconciler(), child()):
        await client.create(DEPLOYMENTS, one, namespace)
    await client.create(SECRETS, named(SECRETS, NAME, labels={LABEL: "true"}), namespace)
    await client.create(LEASES, named(LEASES, "headgate-reconciler"), namespace)
    for kind in (MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS):
        await client.create(kind, dead_webhook(kind, namespace))
    for policy in GUARDS:
        await client.create(GUARD_BINDINGS, binding(policy, namespace))


def budget(name: str, pool_uid: str = "") -> Object:
    """A pool's, as the reconciler makes it, or without a uid somebody's own."""
    owner = Owner("", "p", pool_uid)
    own = (
        disruption_budget(owner)["spec"] if pool_uid else {"maxUnavailable": 0, "selector": {"matchLabels": {"a": "b"}}}
    )
    return named(POD_DISRUPTION_BUDGETS, name, labels=owner.labels if pool_uid else {}) | {"spec": own}


def child() -> Object:
    """A pool's Deployment, which notes what was applied beside it."""
    labels, template = Owner("", "p", "uid-p").labels, reconciler()["spec"]
    metadata = {"annotations": {APPLIED: "digest", "mine": "yes"}, "labels": labels}
    return named(DEPLOYMENTS, "p-1", **metadata) | {"spec": {**template, "replicas": 0}}


async def exists(client: Client, kind: Resource, name: str, namespace: str | None = None) -> bool:
    try:
        await client.get(kind, name, namespace)
    except NotFound:
        return False
    return True


async def test_nothing_is_left_that_blocks(kinds: Cluster, client: Client, namespace: str) -> None:
    await install(client, namespace)
    said: list[str] = []
    await release(client, namespace, Patience(60), said.append)
    assert said == [
        f"mutatingwebhookconfigurations.admissionregistration.k8s.io: headgate-{namespace} deleted",
        f"validatingwebhookconfigurations.admissionregistration.k8s.io: headgate-{namespace} deleted",
        "deployments.apps: headgate-reconciler deleted",
        *(f"{GUARD_BINDINGS}: headgate-{namespace}-{policy} deleted" for policy in GUARDS),
        "queues.work.headgate.dev: headgate.dev/drain taken off 2",
        "workerpools.work.headgate.dev: headgate.dev/drain taken off 1",
        "deployments.apps: headgate.dev/applied taken off 1",
        "poddisruptionbudgets.policy: p deleted",
        "secrets: headgate-certs deleted",
        "leases.coordination.k8s.io: headgate-reconciler deleted",
    ]
    left = {
        one["metadata"]["name"]: one["metadata"].get("finalizers", [])
        for one in (await client.list(QUEUES, namespace)).items
    }
    assert left == {"a": [], "b": [THEIRS], "c": []}
    assert not (await client.list(PODS, namespace)).items
    assert await exists(client, POD_DISRUPTION_BUDGETS, "theirs", namespace)
    noted = (await client.get(DEPLOYMENTS, "p-1", namespace))["metadata"]["annotations"]
    assert (noted.get(APPLIED), noted["mine"]) == (None, "yes")
    await client.merge_patch(QUEUES, "b", namespace, {"metadata": {"finalizers": None}})


async def test_a_second_time_there_is_nothing_to_do(kinds: Cluster, client: Client, namespace: str) -> None:
    said: list[str] = []
    await release(client, namespace, Patience(60), said.append)
    assert said == [
        "queues.work.headgate.dev: headgate.dev/drain taken off 0",
        "workerpools.work.headgate.dev: headgate.dev/drain taken off 0",
    ]


async def test_what_is_being_deleted_gets_away(kinds: Cluster, client: Client, namespace: str) -> None:
    await client.create(QUEUES, queue("leaving", OURS), namespace)
    await client.delete(QUEUES, "leaving", namespace)
    await release(client, namespace, Patience(60), lambda _: None)
    assert not await exists(client, QUEUES, "leaving", namespace)


async def test_a_namespace_that_was_deleted_with_everything_in_it_can_end(
    kinds: Cluster, client: Client, namespace: str
) -> None:
    """The reconciler and its rights go with the namespace, so nobody in it can take the finalizers off any more."""
    await install(client, namespace)
    kinds.kubectl("delete", "namespace", namespace, "--wait=false")
    kinds.kubectl("wait", f"namespace/{namespace}", "--for=jsonpath={.status.phase}=Terminating", "--timeout=30s")
    await release(client, namespace, Patience(60), lambda _: None)
    await client.merge_patch(QUEUES, "b", namespace, {"metadata": {"finalizers": None}})
    kinds.kubectl("wait", f"namespace/{namespace}", "--for=delete", "--timeout=60s")
    kinds.kubectl("create", "namespace", namespace)


async def test_its_reports_go_and_those_of_others_stay(kinds: Cluster, client: Client, namespace: str) -> None:
    openreports.serve(kinds)
    mine = named(REPORTS, f"headgate-{namespace}", labels=reports.labels(namespace))
    for one in (mine, named(REPORTS, "trivy"), named(REPORTS, "headgate-other", labels=reports.labels("other"))):
        await client.create(REPORTS, one, namespace)
    await release(client, namespace, Patience(60), lambda _: None)
    assert len((await client.list(REPORTS, namespace)).items) == 3, "nobody asked for that"
    said: list[str] = []
    await release(client, namespace, Patience(60), said.append, reports=True)
    assert f"reports.openreports.io: headgate-{namespace} deleted" in said
    left = [one["metadata"]["name"] for one in (await client.list(REPORTS, namespace)).items]
    assert left == ["headgate-other", "trivy"]


async def test_reports_alone_go_by_a_command(kinds: Cluster, client: Client, namespace: str) -> None:
    openreports.serve(kinds)
    await client.create(QUEUES, queue("a", OURS), namespace)
    await client.create(REPORTS, named(REPORTS, "headgate", labels=reports.labels(namespace)), namespace)
    options = ["--namespace", namespace, "--kubeconfig", str(kinds.kubeconfig)]
    done = await asyncio.to_thread(CliRunner().invoke, main, ["release", "--reports", *options])
    assert (done.exit_code, done.output) == (0, "reports.openreports.io: headgate deleted\n")
    assert (await client.get(QUEUES, "a", namespace))["metadata"]["finalizers"] == [OURS]


async def test_somebody_elses_secret_stays(kinds: Cluster, client: Client, namespace: str) -> None:
    await client.create(SECRETS, named(SECRETS, NAME), namespace)
    await release(client, namespace, Patience(60), lambda _: None)
    assert await exists(client, SECRETS, NAME, namespace)


async def test_pods_that_never_go_are_named_and_left(kinds: Cluster, client: Client, namespace: str) -> None:
    """As on a node that was lost: its kubelet will not say that they have stopped."""
    container = {"name": "reconciler", "image": "localhost/headgate:none"}
    stuck = named(PODS, "stuck", labels=LABELS, finalizers=[THEIRS]) | {"spec": {"containers": [container]}}
    await client.create(PODS, stuck, namespace)
    await client.create(QUEUES, queue("a", OURS), namespace)
    said: list[str] = []
    await release(client, namespace, Patience(4), said.append)
    assert said[:2] == [
        "pods: stuck not gone after 2 s, going on without waiting",
        "queues.work.headgate.dev: headgate.dev/drain taken off 1",
    ]
    await client.merge_patch(PODS, "stuck", namespace, {"metadata": {"finalizers": None}})


def test_as_a_command(kinds: Cluster, namespace: str) -> None:
    arguments = ["release", "--install", "--namespace", namespace, "--kubeconfig", str(kinds.kubeconfig)]
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, done.output.splitlines()[-1]) == (
        0,
        "workerpools.work.headgate.dev: headgate.dev/drain taken off 0",
    ), done.output


@pytest.mark.parametrize(
    ("arguments", "want_exit", "want_words"),
    [
        pytest.param(["--reports", "wp/a"], 2, "--install for a whole install", id="a pool and reports"),
        pytest.param([], 2, "--install for a whole install", id="without saying what"),
        pytest.param(["--install", "--timeout", "soon"], 2, "'soon' is no duration", id="a time-out that is none"),
        pytest.param(["--install", "--kubeconfig", "/nowhere"], 2, "/nowhere", id="no way to a cluster"),
    ],
)
def test_misuse(arguments: list[str], want_exit: int, want_words: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["release", *arguments])
    assert (done.exit_code, want_words in done.output) == (want_exit, True), done.output
