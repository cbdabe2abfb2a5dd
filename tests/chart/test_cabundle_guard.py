"""The native policy that lets a reconciler change caBundle and nothing else, on a real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.helm import Helm
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.control_plane

BUNDLE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"
KINDS = ("validatingwebhookconfiguration", "mutatingwebhookconfiguration")
CLIENT = "/webhooks/0/clientConfig"


def configuration(kind: str, name: str) -> str:
    client = {"service": {"name": "headgate-webhook", "namespace": "media", "path": "/validate", "port": 443}}
    rules = [
        {
            "apiGroups": ["work.headgate.dev"],
            "apiVersions": ["v1"],
            "operations": ["CREATE"],
            "resources": ["queues"],
            "scope": "Namespaced",
        }
    ]
    entry = {
        "name": "one.work.headgate.dev",
        "clientConfig": client,
        "rules": rules,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "media"}},
        "matchConditions": [{"name": "live", "expression": "!has(object.metadata.deletionTimestamp)"}],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    kinds = {
        "validatingwebhookconfiguration": "ValidatingWebhookConfiguration",
        "mutatingwebhookconfiguration": "MutatingWebhookConfiguration",
    }
    return json.dumps(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kinds[kind],
            "metadata": {"name": name, "labels": {"team": "media"}, "annotations": {"note": "1"}},
            "webhooks": [entry, {**entry, "name": "two.work.headgate.dev"}],
        }
    )


class Reconciler:
    """A reconciler whose token was stolen and whose RBAC was written in a hurry: all verbs on both kinds."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.install = f"headgate-{namespace}"

    def kubectl(self, *arguments: str, account: str = "headgate-reconciler", stdin: str | None = None) -> str:
        who = f"--as=system:serviceaccount:{self.namespace}:{account}"
        return self.cluster.kubectl(who, *arguments, stdin=stdin)

    def patch(
        self, kind: str, *operations: dict[str, Any], name: str = "", account: str = "headgate-reconciler"
    ) -> str:
        arguments = (kind, name or self.install, "--type=json", "-p", json.dumps(operations))
        return self.kubectl("patch", *arguments, account=account)


@pytest.fixture(scope="module")
def reconciler(control_plane: Cluster, installed_crds: Helm) -> Iterator[Reconciler]:
    """Its install's two configurations are there, and another install's beside them."""
    stolen = Reconciler(control_plane, "guarded")
    rights = ("--verb=*", "--resource=validatingwebhookconfigurations,mutatingwebhookconfigurations")
    control_plane.kubectl("create", "clusterrole", "guard-test", *rights)
    accounts = [f"--serviceaccount=guarded:{name}" for name in ("headgate-reconciler", "somebody")]
    control_plane.kubectl("create", "clusterrolebinding", "guard-test", "--clusterrole=guard-test", *accounts)
    for kind in KINDS:
        for name in (stolen.install, "headgate-other"):
            control_plane.kubectl("create", "-f-", stdin=configuration(kind, name))
    yield stolen
    control_plane.kubectl("delete", "clusterrole,clusterrolebinding", "guard-test")
    for kind in KINDS:
        control_plane.kubectl("delete", kind, stolen.install, "headgate-other")


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


@pytest.mark.parametrize("kind", KINDS)
def test_a_reconciler_injects_renews_and_drops_its_bundle(reconciler: Reconciler, kind: str) -> None:
    both = [replace(f"/webhooks/{index}/clientConfig/caBundle", BUNDLE) for index in (0, 1)]
    assert "patched" in reconciler.patch(kind, *both)
    assert "patched" in reconciler.patch(kind, replace(f"{CLIENT}/caBundle", ""))
    assert "no change" in reconciler.patch(kind, replace(f"{CLIENT}/caBundle", ""))


SECRETS_RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["secrets"]}
OWNER = {"apiVersion": "v1", "kind": "Namespace", "name": "a", "uid": "b"}
ENTRY_CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("another service", replace(f"{CLIENT}/service/name", "evil")),
    ("another namespace's service", replace(f"{CLIENT}/service/namespace", "evil")),
    ("another path", replace(f"{CLIENT}/service/path", "/evil")),
    ("another port", replace(f"{CLIENT}/service/port", 444)),
    ("a URL instead of the service", replace(CLIENT, {"url": "https://evil.example/validate"})),
    ("more resources", replace("/webhooks/0/rules/0/resources", ["*"])),
    ("another group", replace("/webhooks/0/rules/0/apiGroups", ["*"])),
    ("more operations", replace("/webhooks/0/rules/0/operations", ["*"])),
    ("another scope", replace("/webhooks/0/rules/0/scope", "*")),
    ("a second rule", replace("/webhooks/0/rules/-", SECRETS_RULE)),
    ("no rules", replace("/webhooks/0/rules", [])),
    ("failing open", replace("/webhooks/0/failurePolicy", "Ignore")),
    ("another matchPolicy", replace("/webhooks/0/matchPolicy", "Exact")),
    ("all namespaces", replace("/webhooks/0/namespaceSelector", {})),
    ("some objects only", replace("/webhooks/0/objectSelector", {"matchLabels": {"a": "b"}})),
    ("another condition", replace("/webhooks/0/matchConditions/0/expression", "true")),
    ("no condition", {"op": "remove", "path": "/webhooks/0/matchConditions"}),
    ("side effects", replace("/webhooks/0/sideEffects", "NoneOnDryRun")),
    ("a longer time-out", replace("/webhooks/0/timeoutSeconds", 30)),
    ("another version of reviews", replace("/webhooks/0/admissionReviewVersions", ["v1", "v1beta1"])),
    ("another name", replace("/webhooks/0/name", "three.work.headgate.dev")),
    ("one webhook less", {"op": "remove", "path": "/webhooks/1"}),
    ("no webhooks", replace("/webhooks", [])),
    ("another order", {"op": "move", "from": "/webhooks/1", "path": "/webhooks/0"}),
    ("a label", replace("/metadata/labels/team", "evil")),
    ("an annotation", replace("/metadata/annotations/note", "2")),
    ("a finalizer", replace("/metadata/finalizers", ["evil.example/stay"])),
    ("an owner", replace("/metadata/ownerReferences", [OWNER])),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in ENTRY_CHANGES])
def test_every_other_change_is_refused(reconciler: Reconciler, kind: str, change: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="headgate-reconciler may change nothing but caBundle"):
        reconciler.patch(kind, change)
    with pytest.raises(RuntimeError, match="headgate-reconciler may change nothing but caBundle"):
        reconciler.patch(kind, replace(f"{CLIENT}/caBundle", BUNDLE), change)


def test_when_a_mutating_webhook_is_called_again_is_refused(reconciler: Reconciler) -> None:
    with pytest.raises(RuntimeError, match="not how a webhook is matched or called"):
        reconciler.patch(KINDS[1], replace("/webhooks/0/reinvocationPolicy", "IfNeeded"))


@pytest.mark.parametrize("kind", KINDS)
def test_another_installs_configuration_is_refused(reconciler: Reconciler, kind: str) -> None:
    with pytest.raises(RuntimeError, match="headgate-reconciler may update headgate-guarded only"):
        reconciler.patch(kind, replace(f"{CLIENT}/caBundle", BUNDLE), name="headgate-other")


@pytest.mark.parametrize("kind", KINDS)
def test_making_and_deleting_configurations_is_refused(reconciler: Reconciler, kind: str) -> None:
    with pytest.raises(RuntimeError, match="may update headgate-guarded only"):
        reconciler.kubectl("create", "-f-", stdin=configuration(kind, "headgate-new"))
    with pytest.raises(RuntimeError, match="may update headgate-guarded only"):
        reconciler.kubectl("delete", kind, reconciler.install)
    collection = f"/apis/admissionregistration.k8s.io/v1/{kind}s"
    with pytest.raises(RuntimeError, match="may update headgate-guarded only"):
        reconciler.kubectl("delete", "--raw", collection)


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_else_is_left_alone(reconciler: Reconciler, kind: str) -> None:
    for seconds in (7, 10):
        change = replace("/webhooks/0/timeoutSeconds", seconds)
        assert "patched" in reconciler.patch(kind, change, account="somebody")


def test_the_api_server_finds_nothing_to_warn_about_in_the_policy(control_plane: Cluster, installed_crds: Helm) -> None:
    checked = "-o=jsonpath={.status.observedGeneration} {.status.typeChecking.expressionWarnings}"
    policy = "validatingadmissionpolicy/cabundle-only.headgate.dev"
    control_plane.kubectl("wait", policy, "--for=jsonpath={.status.observedGeneration}=1", "--timeout=30s")
    assert control_plane.kubectl("get", policy, checked).strip() == "1"
