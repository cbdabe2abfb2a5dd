"""Every pod of the chart, whichever values it is rendered with: no root, no writable root, no more than it needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chart.helm import Helm, Object, of_kind, pod_templates, the

PODS = ("headgate-webhook", "headgate-reconciler", "headgate-startup-check", "headgate-release")
VARIED = {
    "webhook__replicas": "3",
    "webhook__podAnnotations": '{"a": "b"}',
    "webhook__env": '[{"name": "A", "value": "b"}]',
    "reconciler__affinity": '{"nodeAffinity": {}}',
    "commonLabels": '{"team": "media"}',
}


@pytest.fixture(scope="module", params=["defaults", "varied"])
def objects(request: pytest.FixtureRequest) -> list[Object]:
    return Helm().render(**(VARIED if request.param == "varied" else {}))


def test_these_are_all_pods(objects: list[Object]) -> None:
    assert set(pod_templates(objects)) == set(PODS)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_without_any_privilege(objects: list[Object], name: str) -> None:
    spec = pod_templates(objects)[name]["spec"]
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert spec["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes", "initContainers"} & spec.keys()
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"requests", "limits"} <= container["resources"].keys()
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", PODS)
def test_a_token_is_mounted_by_the_pod_that_uses_it_only(objects: list[Object], name: str) -> None:
    spec = pod_templates(objects)[name]["spec"]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == (name, True)
    assert the(objects, "ServiceAccount", name)["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", PODS[:2])
def test_a_server_has_every_probe_and_a_budget_that_never_stops_a_node_drain(objects: list[Object], name: str) -> None:
    (container,) = pod_templates(objects)[name]["spec"]["containers"]
    paths = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
    assert paths == {
        "startup": {"path": "/healthz", "port": "metrics"},
        "liveness": {"path": "/healthz", "port": "metrics"},
        "readiness": {"path": "/readyz", "port": "metrics"},
    }
    budget = the(objects, "PodDisruptionBudget", name)["spec"]
    assert (budget["maxUnavailable"], "minAvailable" in budget) == (1, False)
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize("name", PODS[:2])
def test_replicas_are_spread_over_nodes_and_zones(objects: list[Object], name: str) -> None:
    template = pod_templates(objects)[name]
    constraints = template["spec"]["topologySpreadConstraints"]
    assert [one["topologyKey"] for one in constraints] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    for one in constraints:
        assert one["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


@pytest.mark.parametrize("kind", ["Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"])
def test_every_selector_finds_the_pods_it_is_for(objects: list[Object], kind: str) -> None:
    templates = pod_templates(objects)
    for one in of_kind(objects, kind):
        name = one["metadata"]["name"]
        found = [pod for pod, template in templates.items() if selects(selector(one), template["metadata"]["labels"])]
        assert found == (sorted(PODS[2:], reverse=True) if name == "headgate-hooks" else [name]), one


def selector(one: Object) -> dict[str, Any]:
    spec = one["spec"]
    found: dict[str, Any] = spec.get("podSelector") or spec["selector"]
    return found if "matchLabels" in found else {"matchLabels": found}


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    among = all(labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", []))
    return among and selector["matchLabels"].items() <= labels.items()


def test_ports_have_the_names_that_services_probes_and_network_policies_use(objects: list[Object]) -> None:
    for name, template in pod_templates(objects).items():
        ports = {one["name"]: one["containerPort"] for one in template["spec"]["containers"][0].get("ports", [])}
        want = {"headgate-webhook": {"https": 9443, "metrics": 8080}, "headgate-reconciler": {"metrics": 8080}}
        assert ports == want.get(name, {})
    for service in of_kind(objects, "Service"):
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in ("https", "metrics")
    assert the(objects, "Service", "headgate-webhook")["spec"]["ports"][0]["port"] == 443


@pytest.mark.parametrize(
    ("values", "want_image"),
    [
        pytest.param({}, "localhost/headgate:0.1.0", id="the chart's own version"),
        pytest.param({"image__tag": '"dev"'}, "localhost/headgate:dev", id="a tag"),
        pytest.param({"image__repository": '"x.example/hg"'}, "x.example/hg:0.1.0", id="another repository"),
        pytest.param(
            {"image__digest": f'"sha256:{"a" * 64}"', "image__tag": '"dev"'},
            f"localhost/headgate@sha256:{'a' * 64}",
            id="a digest wins over a tag",
        ),
    ],
)
def test_image(values: dict[str, str], want_image: str) -> None:
    images = {
        container["image"]
        for template in pod_templates(Helm().render(**values)).values()
        for container in template["spec"]["containers"]
    }
    assert images == {want_image}


def test_network_policies_leave_open_what_each_pod_needs(rendered: list[Object]) -> None:
    webhook = the(rendered, "NetworkPolicy", "headgate-webhook")["spec"]
    assert [rule["ports"][0]["port"] for rule in webhook["ingress"]] == ["https", "metrics"]
    assert [[port["port"] for port in rule["ports"]] for rule in webhook["egress"]] == [[443, 6443], [53, 53]]
    reconciler = the(rendered, "NetworkPolicy", "headgate-reconciler")["spec"]
    assert ([rule["ports"][0]["port"] for rule in reconciler["ingress"]], reconciler["egress"]) == (["metrics"], [{}])
    hooks = the(rendered, "NetworkPolicy", "headgate-hooks")["spec"]
    assert ("ingress" in hooks, hooks["policyTypes"]) == (False, ["Ingress", "Egress"])


def test_where_brokers_are_known_the_reconciler_reaches_nothing_else() -> None:
    broker = '[{"to": [{"podSelector": {}}], "ports": [{"port": 6379}]}]'
    objects = Helm().render(networkPolicy__reconcilerEgress=broker, networkPolicy__metricsFrom='[{"podSelector": {}}]')
    spec = the(objects, "NetworkPolicy", "headgate-reconciler")["spec"]
    webhook = {"app.kubernetes.io/name": "headgate", "app.kubernetes.io/instance": "hg"}
    assert spec["egress"][2]["to"][0]["podSelector"]["matchLabels"].items() >= webhook.items()
    workers = {"matchExpressions": [{"key": "headgate.dev/pool", "operator": "Exists"}]}
    assert spec["egress"][3] == {"ports": [{"protocol": "TCP", "port": 8079}], "to": [{"podSelector": workers}]}
    assert spec["egress"][4:] == [{"to": [{"podSelector": {}}], "ports": [{"port": 6379}]}]
    assert spec["ingress"][0]["from"] == [{"podSelector": {}}]
