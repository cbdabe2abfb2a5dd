"""What the charts grant, to whom: exactly this list, and nothing that could grow into more."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import yaml

from chart import tables
from headgate.releasing import GUARDS
from tests.chart.helm import HEADGATE, Helm, Object, of_kind, the

OURS = "work.headgate.dev"
WEBHOOKS = "admissionregistration.k8s.io"
CONFIGURATIONS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")

Grants = dict[str, str]


def grants(rules: Iterable[Object]) -> Grants:
    """`resource.group=name` to its verbs, in alphabetical order."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for name in rule.get("resourceNames", [""]):
                    key = f"{resource}.{group}".rstrip(".") + (f"={name}" if name else "")
                    found.setdefault(key, set()).update(rule["verbs"])
    return {key: " ".join(sorted(verbs)) for key, verbs in sorted(found.items())}


def configurations(verbs: str) -> Grants:
    return {f"{kind}.{WEBHOOKS}=headgate-media": verbs for kind in CONFIGURATIONS}


READ = "get list watch"
CHILDREN_LET_GO: Grants = {
    "deployments.apps": "list patch",
    "poddisruptionbudgets.policy": "delete list",
    "statefulsets.apps": "list patch",
}

WANT: dict[tuple[str, str], Grants] = {
    ("Role", "headgate-webhook"): {
        f"policies.{OURS}": READ,
        f"queues.{OURS}": READ,
        "secrets=headgate-certs": "get",
        f"workerpools.{OURS}": READ,
    },
    ("ClusterRole", "headgate-media-webhook"): configurations("get"),
    ("Role", "headgate-reconciler"): {
        "configmaps": "create delete patch",
        "controllerrevisions.apps": "list",
        "deployments.apps": "create delete get list patch watch",
        "horizontalpodautoscalers.autoscaling": "list",
        "statefulsets.apps": "create delete get list patch watch",
        "events": "create patch",
        "leases.coordination.k8s.io": "create",
        "leases.coordination.k8s.io=headgate-reconciler": "get update",
        "poddisruptionbudgets.policy": "create delete patch",
        "pods": "delete get list patch watch",
        "pods/resize": "patch",
        "namespaces": "get",
        f"policies.{OURS}": READ,
        f"policies/status.{OURS}": "patch",
        f"queues.{OURS}": "get list patch watch",
        f"queues/status.{OURS}": "patch",
        "secrets": "create get",
        "endpointslices.discovery.k8s.io": "list",
        "secrets=headgate-certs": "list patch watch",
        f"workerpools.{OURS}": "get list mark patch watch",
        f"workerpools/status.{OURS}": "patch",
    },
    ("ClusterRole", "headgate-media-reconciler"): configurations("get list patch watch"),
    ("Role", "headgate-startup-check"): {f"queues.{OURS}": "create"},
    ("Role", "headgate-release"): {
        "deployments.apps=headgate-reconciler": "delete",
        "leases.coordination.k8s.io=headgate-reconciler": "delete",
        "pods": "list",
        f"queues.{OURS}": "list patch",
        "secrets=headgate-certs": "delete get",
        f"workerpools.{OURS}": "list patch",
        **CHILDREN_LET_GO,
    },
    ("ClusterRole", "headgate-media-release"): {
        **configurations("delete"),
        **{f"validatingadmissionpolicybindings.{WEBHOOKS}=headgate-media-{guard}": "delete" for guard in GUARDS},
    },
}


EVERYWHERE: dict[str, Grants] = {
    "webhook": {f"{kind}.{OURS}": READ for kind in ("queues", "workerpools", "policies", "clusterpolicies")}
    | {"namespaces": READ},
    "reconciler": {
        "configmaps": "create delete patch",
        "controllerrevisions.apps": "list",
        "deployments.apps": "create delete get list patch watch",
        "horizontalpodautoscalers.autoscaling": "list",
        "statefulsets.apps": "create delete get list patch watch",
        "events": "create list patch",
        "poddisruptionbudgets.policy": "create delete patch",
        "pods": "delete get list patch watch",
        "pods/resize": "patch",
        "secrets": "get",
        "namespaces": READ,
        "nodes": "list watch",
        f"clusterpolicies.{OURS}": READ,
        f"clusterpolicies/status.{OURS}": "patch",
        f"policies.{OURS}": READ,
        f"policies/status.{OURS}": "patch",
        f"queues.{OURS}": "get list patch watch",
        f"queues/status.{OURS}": "patch",
        f"workerpools.{OURS}": "get list mark patch watch",
        f"workerpools/status.{OURS}": "patch",
    },
    "release": {
        f"queues.{OURS}": "list patch",
        f"workerpools.{OURS}": "list patch",
        "namespaces": "list",
        **CHILDREN_LET_GO,
    },
}
"""What an install of cluster scope may do in every namespace, beside what it may do in its own."""


OWN = {
    "deployments.apps=headgate-reconciler",
    "endpointslices.discovery.k8s.io",
    "leases.coordination.k8s.io",
    "leases.coordination.k8s.io=headgate-reconciler",
    "secrets=headgate-certs",
}


@pytest.mark.parametrize("component", EVERYWHERE)
def test_in_cluster_scope_what_was_granted_in_the_namespace_is_granted_in_all(component: str) -> None:
    objects = Helm().render(scope='"cluster"')
    granted = grants(the(objects, "ClusterRole", f"headgate-media-{component}")["rules"])
    own = WANT["ClusterRole", f"headgate-media-{component}"]
    assert granted == dict(sorted((own | EVERYWHERE[component]).items()))
    kept = grants(the(objects, "Role", f"headgate-{component}")["rules"])
    beside = {"reconciler": {"secrets": "create"}, "release": {"pods": "list"}}.get(component, {})
    whole = WANT["Role", f"headgate-{component}"]
    assert kept == {key: verbs for key, verbs in whole.items() if key in OWN} | beside


def test_with_injection_by_upgrade_nothing_in_the_cluster_is_granted_between_upgrades() -> None:
    objects = Helm().render(certs__injection='"helm-hook"')
    roles = of_kind(objects, "ClusterRole", "ClusterRoleBinding")
    assert {one["metadata"]["annotations"]["helm.sh/hook"] for one in roles} == {
        "post-install,post-upgrade",
        "pre-delete",
    }
    inject = the(objects, "ClusterRole", "headgate-media-inject")
    assert grants(inject["rules"]) == configurations("get list patch watch")
    bound = the(objects, "ClusterRoleBinding", "headgate-media-inject")["subjects"]
    assert [one["name"] for one in bound] == ["headgate-reconciler"], "whom the native policy bounds to caBundle"


@pytest.mark.parametrize("mode", ["cert-manager", "files"])
def test_whoever_does_not_make_certificates_may_not_write_any(mode: str) -> None:
    files = {"certs__files__secretName": '"mine"', "certs__files__caBundle": '"PEM"'}
    objects = Helm().render(certs__mode=f'"{mode}"', **files)
    granted = grants(the(objects, "Role", "headgate-reconciler")["rules"])
    assert {key: verbs for key, verbs in granted.items() if key.startswith("secrets")} == {"secrets": "get"}
    names = {one["metadata"]["name"] for one in of_kind(objects, "ClusterRole")}
    assert names == {"headgate-media-webhook", "headgate-media-release"}
    assert "secrets=headgate-certs" not in grants(the(objects, "Role", "headgate-webhook")["rules"])


@pytest.mark.parametrize("scope", ["namespaced", "cluster"])
def test_reports_are_touched_only_where_they_are_wanted(scope: str) -> None:
    reports, without = "reports.openreports.io", Helm().render(scope=f'"{scope}"')
    assert not any(reports in grants(one["rules"]) for one in of_kind(without, "Role", "ClusterRole"))
    wanted = Helm().render(scope=f'"{scope}"', reports__enabled="true")
    found = {
        (one["kind"], one["metadata"]["name"].rpartition("-")[2]): grants(one["rules"])[reports]
        for one in of_kind(wanted, "Role", "ClusterRole")
        if reports in grants(one["rules"])
    }
    kind = "ClusterRole" if scope == "cluster" else "Role"
    assert found == {(kind, "reconciler"): "create delete get list patch", (kind, "release"): "delete list"}
    args = the(wanted, "Job", "headgate-release")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args[:2] + args[3:4] == ["release", "--install", "--reports"]


def test_there_are_no_other_roles(rendered: list[Object]) -> None:
    roles = {(one["kind"], one["metadata"]["name"]) for one in of_kind(rendered, "Role", "ClusterRole")}
    assert roles == WANT.keys()


@pytest.mark.parametrize("role", [pytest.param(role, id=role[1]) for role in WANT])
def test_a_role_grants_exactly(rendered: list[Object], role: tuple[str, str]) -> None:
    assert grants(the(rendered, *role)["rules"]) == WANT[role]


def test_nothing_is_granted_by_wildcard(rendered: list[Object], rendered_crds: list[Object]) -> None:
    for role in of_kind([*rendered, *rendered_crds], "Role", "ClusterRole"):
        for rule in role["rules"]:
            assert not any("*" in part for key in ("apiGroups", "resources", "verbs") for part in rule[key]), role


def test_nothing_in_the_cluster_is_granted_but_by_name(rendered: list[Object]) -> None:
    for role in of_kind(rendered, "ClusterRole"):
        names = [name for rule in role["rules"] for name in rule["resourceNames"]]
        assert names, role
        assert all(name == "headgate-media" or name.startswith("headgate-media-") for name in names), role


def test_a_role_is_bound_to_its_own_account_only(rendered: list[Object]) -> None:
    for binding in of_kind(rendered, "RoleBinding", "ClusterRoleBinding"):
        name = binding["metadata"]["name"]
        assert binding["roleRef"]["name"] == name
        account = name if binding["kind"] == "RoleBinding" else name.replace("headgate-media-", "headgate-")
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": "media"}]


def test_the_rights_of_the_jobs_go_with_the_jobs(rendered: list[Object]) -> None:
    jobs = {one["metadata"]["name"]: one["metadata"]["annotations"]["helm.sh/hook"] for one in of_kind(rendered, "Job")}
    assert jobs == {"headgate-startup-check": "post-install,post-upgrade", "headgate-release": "pre-delete"}
    kinds = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    for one in of_kind(rendered, *kinds):
        marks = one["metadata"].get("annotations", {})
        job = one["metadata"]["name"].replace("headgate-media-", "headgate-")
        assert marks.get("helm.sh/hook") == jobs.get(job), one
        if job in jobs:
            assert marks["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded,hook-failed"


def test_every_right_says_why() -> None:
    assert {path.stem for path in (HEADGATE / "rbac").glob("*.yaml")} == tables.RIGHTS.keys()
    for path in (HEADGATE / "rbac").glob("*.yaml"):
        for rule in yaml.safe_load(path.read_text()):
            assert len(rule["why"]) > 10, (path, rule)


@pytest.mark.parametrize(
    ("name", "want_grants", "want_aggregated"),
    [
        (
            "headgate-view",
            {
                f"clusterpolicies.{OURS}": READ,
                f"clusterpolicies/status.{OURS}": "get",
                f"policies.{OURS}": READ,
                f"policies/status.{OURS}": "get",
                f"queues.{OURS}": READ,
                f"queues/status.{OURS}": "get",
                f"workerpools.{OURS}": READ,
                f"workerpools/scale.{OURS}": "get",
                f"workerpools/status.{OURS}": "get",
            },
            {"view", "edit", "admin"},
        ),
        (
            "headgate-edit",
            {
                f"queues.{OURS}": "create delete deletecollection patch update",
                f"workerpools.{OURS}": "create delete deletecollection patch update",
                f"workerpools/scale.{OURS}": "patch update",
            },
            {"edit", "admin"},
        ),
        ("headgate-admin", {f"policies.{OURS}": "create delete deletecollection patch update"}, {"admin"}),
    ],
)
def test_users_roles(rendered_crds: list[Object], name: str, want_grants: Grants, want_aggregated: set[str]) -> None:
    role = the(rendered_crds, "ClusterRole", name)
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    aggregated = {key.removeprefix(prefix) for key in role["metadata"]["labels"] if key.startswith(prefix)}
    assert (grants(role["rules"]), aggregated) == (want_grants, want_aggregated)
