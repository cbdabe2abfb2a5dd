"""The values of the charts: each one documented and of effect, each typing error refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chart import generate, tables
from tests.chart.helm import CRDS, HEADGATE, Helm, HelmError, Object, of_kind, the

VALUES = {value.path: value for value in tables.values((HEADGATE / "values.yaml").read_text())}
FILES = {"certs.mode": "files", "certs.files.secretName": "mine", "certs.files.caBundle": "PEM"}
OTHER: dict[str, Any] = {
    "image.repository": "other/headgate",
    "image.tag": "other",
    "image.digest": f"sha256:{'0' * 64}",
    "image.pullPolicy": "Never",
    "imagePullSecrets": [{"name": "pull"}],
    "commonLabels": {"team": "media"},
    "scope": "cluster",
    "certs.mode": "cert-manager",
    "certs.injection": "helm-hook",
    "certs.authorityDays": 30,
    "certs.leafDays": 10,
    "metrics.prometheusRule.enabled": True,
    "policies.rules": "refused",
    "reports.enabled": True,
    "agent.enabled": False,
    "webhook.replicas": 3,
    "reconciler.replicas": 2,
    "startupCheck.enabled": False,
    "startupCheck.timeoutSeconds": 30,
    "release.enabled": False,
    "release.timeoutSeconds": 30,
    "networkPolicy.enabled": False,
    "networkPolicy.metricsFrom": [{"podSelector": {}}],
    "networkPolicy.apiServerPorts": [8443],
    "networkPolicy.reconcilerEgress": [{"ports": [{"port": 6379}]}],
} | {
    f"{process}.{name}": value
    for process in ("webhook", "reconciler")
    for name, value in {
        "resources": {"limits": {"memory": "1Gi"}},
        "priorityClassName": "high",
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"podAntiAffinity": {"x": []}},
        "podAnnotations": {"a": "b"},
        "env": [{"name": "A", "value": "b"}],
    }.items()
}
ELSEWHERE: dict[str, tuple[dict[str, Any], Any]] = {
    "certs.certManager.issuerRef": ({"certs.mode": "cert-manager"}, {"name": "ours", "kind": "ClusterIssuer"}),
    "certs.files.secretName": (FILES, "other"),
    "certs.files.caBundle": (FILES, "other"),
    "metrics.prometheusRule.labels": ({"metrics.prometheusRule.enabled": True}, {"release": "prometheus"}),
}
"""Values that count only beside others."""


def test_every_value_is_tried() -> None:
    assert OTHER.keys() | ELSEWHERE.keys() == VALUES.keys()


@pytest.mark.parametrize("path", OTHER)
def test_a_value_is_of_effect(rendered: list[Object], path: str) -> None:
    assert Helm().render(**{path: json.dumps(OTHER[path])}) != rendered


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_value_that_counts_beside_others(path: str) -> None:
    beside, value = ELSEWHERE[path]
    plain = {name: json.dumps(given) for name, given in beside.items()}
    assert Helm().render(**plain) != Helm().render(**(plain | {path: json.dumps(value)}))


@pytest.mark.parametrize("missing", ["certs.files.secretName", "certs.files.caBundle"])
def test_a_certificate_of_ones_own_needs_both_halves(missing: str) -> None:
    given = {name: json.dumps(value) for name, value in FILES.items() if name != missing}
    with pytest.raises(HelmError, match=missing):
        Helm().render(**given)


@pytest.mark.parametrize(
    ("setting", "want_complaint"),
    [
        ("webhok.replicas=2", "'webhok' not allowed"),
        ("webhook.replica=2", "'replica' not allowed"),
        ("webhook.replicas=0", "minimum: got 0, want 1"),
        ('webhook.replicas="two"', "got string, want integer"),
        ("webhook.resources.request={}", "'request' not allowed"),
        ("reconciler.env=[{}]", "missing property 'name'"),
        ('image.pullPolicy="Sometimes"', "value must be one of 'Always', 'IfNotPresent', 'Never'"),
        ('image.digest="latest"', "does not match pattern"),
        ('image.repository=""', "minLength: got 0, want 1"),
        ('imagePullSecrets=["pull"]', "got string, want object"),
        ('scope="galaxy"', "value must be one of 'namespaced', 'cluster'"),
        ('certs.mode="none"', "value must be one of 'self-signed', 'cert-manager', 'files'"),
        ("certs.leafDays=0", "minimum: got 0, want 1"),
        ("startupCheck.timeoutSeconds=1", "minimum: got 1, want 10"),
        ("networkPolicy.apiServerPorts=[]", "minItems: got 0, want 1"),
        ('networkPolicy.enabled="yes"', "got string, want boolean"),
        ('commonLabels.team=["a"]', "got array, want string"),
    ],
)
def test_the_schema_refuses(setting: str, want_complaint: str) -> None:
    with pytest.raises(HelmError, match="values don't meet the specifications") as refused:
        Helm().run("template", "hg", HEADGATE, f"--set-json={setting}")
    assert want_complaint in str(refused.value)


def test_the_schema_of_the_crds_refuses() -> None:
    with pytest.raises(HelmError, match="'agregate' not allowed"):
        Helm().run("template", "hg", CRDS, "--set=roles.agregate=true")


@pytest.mark.parametrize("chart", [CRDS, HEADGATE], ids=["headgate-crds", "headgate"])
def test_the_schema_leaves_no_object_open_that_the_values_close(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text())

    def open_objects(node: Any, path: str) -> Iterator[str]:
        if isinstance(node, dict):
            if "properties" in node and node.get("additionalProperties") is not False:
                yield path
            for key, child in node.items():
                yield from open_objects(child, f"{path}/{key}")

    # An entry of env is Kubernetes' own type.
    assert set(open_objects(schema, "")) <= {"/definitions/process/properties/env/items"}


@pytest.mark.parametrize("chart", [CRDS, HEADGATE], ids=["headgate-crds", "headgate"])
def test_lint(chart: Path) -> None:
    assert "0 chart(s) failed" in Helm().run("lint", "--strict", chart)


@pytest.mark.parametrize("path", ["startupCheck.enabled", "release.enabled", "networkPolicy.enabled"])
def test_what_is_switched_off_leaves_nothing(path: str) -> None:
    kinds = {"startupCheck.enabled": "startup-check", "release.enabled": "release"}
    objects = Helm().render(**{path: "false"})
    left = [one for one in objects if kinds.get(path, "never") in one["metadata"]["name"]]
    assert not left
    assert bool(of_kind(objects, "NetworkPolicy")) == (path != "networkPolicy.enabled")


def test_every_object_says_what_it_belongs_to_and_stays_in_its_namespace(rendered: list[Object]) -> None:
    for one in rendered:
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "headgate"
        assert {
            f"app.kubernetes.io/{key}" for key in ("name", "instance", "version", "component", "managed-by")
        } <= labels.keys()
        cluster_scoped = one["kind"].startswith("Cluster") or one["kind"].endswith(
            ("WebhookConfiguration", "PolicyBinding")
        )
        assert one["metadata"].get("namespace") == (None if cluster_scoped else "media"), one


def test_generated_files_are_current() -> None:
    done = CliRunner().invoke(generate.main, ["--check"])
    assert done.exit_code == 0, done.output


def test_a_crd_keeps_its_schema_and_outlives_its_chart(rendered_crds: list[Object]) -> None:
    crds = of_kind(rendered_crds, "CustomResourceDefinition")
    assert len(crds) == 4
    for crd in crds:
        assert crd["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
        assert generate.crd_template('metadata:\n  name: a\nspec: {description: "{{x}}"}').endswith('{{ "{{" }}x}}"}')


@pytest.mark.parametrize(
    ("values", "want"),
    [
        pytest.param({}, "allowed", id="by itself, in a namespace of its own"),
        pytest.param({"scope": '"cluster"'}, "refused", id="by itself, where many namespaces share the webhook"),
        pytest.param({"scope": '"cluster"', "policies__rules": '"allowed"'}, "allowed", id="when it is asked for"),
        pytest.param({"policies__rules": '"refused"'}, "refused", id="when it is not wanted"),
    ],
)
def test_whether_policies_carry_rules_in_cel(values: dict[str, str], want: str) -> None:
    webhook = the(Helm().render(**values), "Deployment", "headgate-webhook")
    assert f"--policy-rules={want}" in webhook["spec"]["template"]["spec"]["containers"][0]["args"]
