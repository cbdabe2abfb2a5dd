"""The webhook configurations: our group, our namespace, and nobody in the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from crds.meta import GROUP
from tests.chart.helm import HEADGATE, Helm, Object, of_kind
from tests.cluster.cluster import Cluster
from tests.cluster.waiting import until
from tests.policies import objects
from tests.webhooks.kubectl import Done, kubectl

KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
LIVE = [{"name": "not-being-deleted", "expression": "!has(object.metadata.deletionTimestamp)"}]
TAKEN_APART = [
    {"name": "not-being-deleted", "expression": "!has(oldObject.metadata.deletionTimestamp)"},
    {
        "name": "asked-by-somebody",
        "expression": "!(request.userInfo.username in ['system:serviceaccount:kube-system:namespace-controller',"
        " 'system:serviceaccount:kube-system:generic-garbage-collector', 'system:kube-controller-manager'])",
    },
]
ENTRIES: dict[str, dict[str, Any]] = {
    "default.work.headgate.dev": {
        "path": "/default",
        "operations": ["CREATE", "UPDATE"],
        "resources": ["queues", "workerpools", "policies"],
        "matchConditions": LIVE,
        "timeoutSeconds": 3,
        "reinvocationPolicy": "IfNeeded",
    },
    "validate.work.headgate.dev": {
        "path": "/validate",
        "operations": ["CREATE", "UPDATE"],
        "resources": ["queues", "workerpools", "policies"],
        "matchConditions": LIVE,
        "timeoutSeconds": 5,
        "reinvocationPolicy": None,
    },
    "scale-default.work.headgate.dev": {
        "path": "/default",
        "operations": ["UPDATE"],
        "resources": ["workerpools/scale"],
        "matchConditions": None,
        "timeoutSeconds": 3,
        "reinvocationPolicy": None,
    },
    "scale.work.headgate.dev": {
        "path": "/validate",
        "operations": ["UPDATE"],
        "resources": ["workerpools/scale"],
        "matchConditions": None,
        "timeoutSeconds": 5,
        "reinvocationPolicy": None,
    },
    "delete.work.headgate.dev": {
        "path": "/validate",
        "operations": ["DELETE"],
        "resources": ["queues", "workerpools"],
        "matchConditions": TAKEN_APART,
        "timeoutSeconds": 2,
        "reinvocationPolicy": None,
        "failurePolicy": "Ignore",
    },
}


def entries(objects: list[Object]) -> dict[str, Object]:
    return {entry["name"]: entry for one in of_kind(objects, *KINDS) for entry in one["webhooks"]}


def test_the_configurations_are_named_after_the_namespace(rendered: list[Object]) -> None:
    assert [one["metadata"]["name"] for one in of_kind(rendered, *KINDS)] == ["headgate-media"] * 2
    assert entries(rendered).keys() == ENTRIES.keys()


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_called_for(rendered: list[Object], name: str) -> None:
    entry, want = entries(rendered)[name], ENTRIES[name]
    service = {"name": "headgate-webhook", "namespace": "media", "path": want["path"], "port": 443}
    assert entry["clientConfig"] == {"service": service}, "caBundle is injected, never rendered"
    rule = {"apiGroups": [GROUP], "apiVersions": ["v1"], "scope": "Namespaced"}
    assert entry["rules"] == [rule | {"operations": want["operations"], "resources": want["resources"]}]
    assert entry["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "media"}}
    assert "objectSelector" not in entry
    assert {key: entry.get(key) for key in ("matchConditions", "timeoutSeconds", "reinvocationPolicy")} == {
        key: want[key] for key in ("matchConditions", "timeoutSeconds", "reinvocationPolicy")
    }
    fails = want.get("failurePolicy", "Fail")
    assert (entry["failurePolicy"], entry["matchPolicy"], entry["sideEffects"]) == (fails, "Equivalent", "None")
    assert entry["admissionReviewVersions"] == ["v1"]


QUEUE = """
apiVersion: work.headgate.dev/v1
kind: Queue
metadata: {{name: {name}, finalizers: [headgate.dev/drain]}}
spec: {{broker: {{type: Redis, redis: {{layout: List, url: "redis://redis.media.svc:6379/0"}}}}}}
"""


@pytest.fixture
def without_webhook(control_plane: Cluster, installed_crds: Helm, namespace: str) -> Iterator[str]:
    """An install whose webhook is dead from the start, in a namespace with queues from before."""
    for name in ("old", "older"):
        control_plane.kubectl("create", "-n", namespace, "-f-", stdin=QUEUE.format(name=name))
    installed_crds.run("install", "hg", HEADGATE, "--namespace", namespace, "--no-hooks")
    yield namespace
    installed_crds.run("uninstall", "hg", "--namespace", namespace, "--no-hooks")
    let_go(control_plane, namespace)


def let_go(cluster: Cluster, namespace: str) -> None:
    """Takes the finalizers off every queue, so that the namespace can end."""
    for queue in cluster.kubectl("-n", namespace, "get", "queues.work.headgate.dev", "-o=name").split():
        cluster.kubectl("-n", namespace, "patch", queue, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')


@pytest.mark.control_plane
def test_with_a_dead_webhook_only_our_kinds_in_our_namespace_wait(control_plane: Cluster, without_webhook: str) -> None:
    def kubectl(*arguments: str, stdin: str | None = None) -> str:
        return control_plane.kubectl("-n", without_webhook, *arguments, stdin=stdin)

    with pytest.raises(RuntimeError, match=r'failed calling webhook "default\.work\.headgate\.dev"'):
        kubectl("create", "-f-", stdin=QUEUE.format(name="new"))
    kubectl("create", "configmap", "anything")
    status = '{"status": {"waiting": 3}}'
    kubectl("patch", "queues.work.headgate.dev", "old", "--subresource=status", "--type=merge", "-p", status)
    kubectl("delete", "queues.work.headgate.dev", "old", "older", "--wait=false")
    no_finalizers = '{"metadata": {"finalizers": null}}'
    kubectl("patch", "queues.work.headgate.dev", "old", "--type=merge", "-p", no_finalizers)
    kubectl("patch", "queues.work.headgate.dev", "older", "--type=merge", "-p", no_finalizers)
    assert kubectl("get", "queues.work.headgate.dev", "-o=name") == ""


@pytest.mark.control_plane
def test_taking_a_dead_webhook_out_leaves_what_needs_no_server(
    control_plane: Cluster, installed_crds: Helm, without_webhook: str
) -> None:
    """As docs/failure.md tells it."""
    mine = ("-n", without_webhook)

    def applied(*made: Object) -> Done:
        manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": [stripped(obj) for obj in made]})
        return kubectl(control_plane, *mine, "apply", "-f", "-", stdin=manifest)

    until("applies wait", lambda: lacks(applied(objects.pool()).err, "failed calling webhook"), 60)
    configurations = "mutatingwebhookconfiguration,validatingwebhookconfiguration"
    control_plane.kubectl("delete", configurations, f"headgate-{without_webhook}")
    until(
        "an apply is no longer held up", lambda: applied(objects.policy(limits={"maxConcurrency": 8})).err or None, 30
    )
    words = "spec.concurrency: Invalid value: 9: at most 8 (Policy limits, limits.maxConcurrency)"
    until("the native limit holds", lambda: lacks(applied(objects.pool(concurrency=9)).err, words), 30)
    assert "Unsupported value" in applied(objects.pool(concurrency=8, drain={"guard": "Nothing"})).err, "schemas hold"
    assert applied(objects.pool(concurrency=8)).code == 0

    installed_crds.run("upgrade", "hg", HEADGATE, *mine, "--no-hooks", "--reuse-values")
    until("applies wait again", lambda: lacks(applied(objects.pool(concurrency=7)).err, "failed calling webhook"), 30)
    assert "thumbnails" in kubectl(control_plane, *mine, "get", "workerpools", "-o=name").out
    kinds = "workerpools,policies.work.headgate.dev"
    assert kubectl(control_plane, *mine, "delete", kinds, "--all", "--timeout=10s").code == 0


def stripped(obj: Object) -> Object:
    return {**obj, "metadata": {"name": obj["metadata"]["name"]}}


def lacks(text: str, words: str) -> str | None:
    return None if words in text else text or "no error"


@pytest.mark.control_plane
def test_with_a_dead_webhook_other_namespaces_go_on(control_plane: Cluster, without_webhook: str) -> None:
    other = f"{without_webhook}-other"
    control_plane.kubectl("create", "namespace", other)
    try:
        assert "created" in control_plane.kubectl("-n", other, "create", "-f-", stdin=QUEUE.format(name="new"))
    finally:
        let_go(control_plane, other)
        control_plane.kubectl("delete", "namespace", other, "--wait=false")
