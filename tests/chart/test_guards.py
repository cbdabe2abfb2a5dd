"""The native policies that keep busy workers from being deleted, on a real API server with its controllers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.guarded_pods import CONTAINER, GLASS, MARK, Guards, Yard, disrupted, status, worker
from tests.cluster import waiting
from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.control_plane


@pytest.fixture(scope="module")
def policies(control_plane: Cluster) -> Guards:
    guards = Guards(control_plane)
    guards.install()
    return guards


@pytest.fixture(scope="module")
def yard(control_plane: Cluster, policies: Guards) -> Iterator[Yard]:
    control_plane.kubectl("create", "namespace", "guarded-yard")
    ready = Yard(control_plane, "guarded-yard")
    ready.bind()
    ready.start(worker("steady"), status())
    yield ready
    control_plane.kubectl("delete", "namespace", "guarded-yard", "--wait=false")
    policies.unbind("guarded-yard")


REFUSED = {
    "a running worker": (worker("busy"), status()),
    "a worker that is not ready": (worker("unready"), status(conditions=[{"type": "Ready", "status": "False"}])),
    "a worker whose kubelet has not been heard for a while": (worker("lost"), status(phase="Unknown")),
}


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case)
def test_the_api_server_refuses_to_delete(yard: Yard, case: str) -> None:
    name = yard.start(*REFUSED[case])
    with pytest.raises(RuntimeError, match=f"pod {name} may run jobs of WorkerPool w and has not been drained"):
        yard.delete(name)


def test_the_refusal_says_what_to_do(yard: Yard) -> None:
    name = yard.start(worker("asking"), status())
    with pytest.raises(RuntimeError) as refusal:
        yard.delete(name)
    said = str(refusal.value)
    assert "kubectl scale wp w --replicas=N" in said
    assert "kubectl annotate pod asking headgate.dev/drain=User/$(date -u +%FT%TZ)" in said
    assert "headgate.dev/break-glass" in said


GOES: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "a pod that was never scheduled": (worker("pending"), None),
    "a container that waits for its image": (worker("pulling"), status({"waiting": {"reason": "ImagePullBackOff"}})),
    "a container between two crashes": (worker("crashed"), status({"terminated": {"exitCode": 1}})),
    "a pod that has succeeded": (worker("succeeded"), status(phase="Succeeded")),
    "a pod that has failed": (worker("failed"), status(phase="Failed")),
    "a pod that is being evicted or preempted": (worker("evicted"), disrupted()),
    "a pod in which only a sidecar runs": (worker("sidecar"), status(name="proxy")),
    "a pod that is nobody's worker": (worker("other") | {"metadata": {"name": "other"}}, status()),
}


@pytest.mark.parametrize("case", GOES, ids=lambda case: case)
def test_the_api_server_deletes(yard: Yard, case: str) -> None:
    name = yard.start(*GOES[case])
    assert "deleted" in yard.delete(name)


def account(yard: Yard, name: str = "headgate-reconciler") -> str:
    return f"--as=system:serviceaccount:{yard.namespace}:{name}"


RULES = {
    "marks": {"apiGroups": ["work.headgate.dev"], "resources": ["workerpools"], "verbs": ["mark"]},
    "glass": {"apiGroups": ["work.headgate.dev"], "resources": ["policies"], "verbs": ["break-glass"]},
    "pods": {"apiGroups": [""], "resources": ["pods", "pods/status"], "verbs": ["get", "patch", "delete"]},
}


@pytest.fixture(scope="module")
def accounts(yard: Yard) -> None:
    """The reconciler with the rights of the chart that matter here, and others with the right to edit pods."""
    for role, rule in RULES.items():
        metadata = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": role}}
        yard.kubectl("create", "-f-", stdin=json.dumps({**metadata, "rules": [rule]}))
    for role, names in {
        "marks": ("headgate-reconciler",),
        "glass": ("on-call",),
        "pods": ("headgate-reconciler", "on-call", "developer"),
    }.items():
        subjects = [f"--serviceaccount={yard.namespace}:{name}" for name in names]
        yard.kubectl("create", "rolebinding", role, f"--role={role}", *subjects)
    yard.kubectl("create", "rolebinding", "stranger", "--role=pods", "--serviceaccount=default:headgate-reconciler")


@pytest.mark.usefixtures("accounts")
def test_what_the_reconciler_marks_may_go_and_a_mark_of_another_container_is_worth_nothing(yard: Yard) -> None:
    for container, want in ((CONTAINER, "deleted"), ("containerd://c0", "has not been drained")):
        name = yard.start(worker(f"marked-{container[-1]}"), status())
        mark = f"headgate.dev/drained-instance={container}"
        yard.kubectl(account(yard), "annotate", "pod", name, mark)
        if want == "deleted":
            assert want in yard.delete(name, account(yard, "developer"))
        else:
            with pytest.raises(RuntimeError, match=want):
                yard.delete(name)


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize("who", ["developer", "on-call", "stranger", "admin"])
@pytest.mark.parametrize(
    "change",
    [
        {"annotations": MARK},
        {"annotations": {"headgate.dev/guard": "None"}},
        {"labels": {"headgate.dev/pool": None}},
        {"labels": {"headgate.dev/drained": "true"}},
    ],
    ids=lambda change: next(iter(next(iter(change.values())))),
)
def test_nobody_else_may_write(yard: Yard, who: str, change: dict[str, Any]) -> None:
    names = {"admin": (), "stranger": ("--as=system:serviceaccount:default:headgate-reconciler",)}
    identity = names.get(who, (account(yard, who),))
    patch = ("patch", "pod", "steady", "--type=merge", "-p", json.dumps({"metadata": change}))
    target = ("--subresource=status",) if who == "developer" else ()
    with pytest.raises(RuntimeError, match="written by Headgate's reconciler only"):
        yard.kubectl(*identity, *patch, *target)


def test_nobody_may_bring_a_mark_along(yard: Yard) -> None:
    with pytest.raises(RuntimeError, match="written by Headgate's reconciler only"):
        yard.start(worker("forged", MARK), None)


@pytest.mark.usefixtures("accounts")
def test_a_drain_may_be_asked_for_by_everybody_who_may_edit_the_pod(yard: Yard) -> None:
    name = yard.start(worker("asked"), status())
    request = "headgate.dev/drain=User/2027-01-15T08:00:00Z"
    assert "annotated" in yard.kubectl(account(yard, "developer"), "annotate", "pod", name, request)


@pytest.mark.usefixtures("accounts")
def test_glass_is_broken_by_those_who_may_and_with_a_reason(yard: Yard) -> None:
    name = yard.start(worker("wedged"), status())
    ((key, value),) = GLASS.items()
    with pytest.raises(RuntimeError, match="needs the verb break-glass"):
        yard.kubectl(account(yard, "developer"), "annotate", "pod", name, f"{key}={value}")
    with pytest.raises(RuntimeError, match="until when and why"):
        yard.kubectl(account(yard, "on-call"), "annotate", "pod", name, f"{key}=now")
    yard.kubectl(account(yard, "on-call"), "annotate", "pod", name, f"{key}={value}")
    assert "deleted" in yard.delete(name, account(yard, "developer"))


@pytest.mark.usefixtures("accounts")
def test_a_pool_may_do_without(yard: Yard) -> None:
    name = yard.start(worker("unguarded"), status())
    yard.kubectl(account(yard), "annotate", "pod", name, "headgate.dev/guard=Evictions")
    assert "deleted" in yard.delete(name)


def test_its_kubelet_may_end_a_pod(yard: Yard) -> None:
    name = yard.start(worker("node-says-so"), status())
    assert "deleted" in yard.delete(name, "--as=system:node:n1", "--as-group=system:nodes", "--as-group=system:masters")


def test_a_replica_set_is_refused_too_and_says_so(yard: Yard) -> None:
    template = {key: value for key, value in worker("t", pool="rs").items() if key in ("metadata", "spec")}
    template["metadata"].pop("name")
    body = {"selector": {"matchLabels": template["metadata"]["labels"]}, "template": template, "replicas": 1}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "rs"}, "spec": body}
    yard.kubectl("create", "-f-", stdin=json.dumps(owner))

    def owned() -> list[str]:
        column = "-o=jsonpath={range .items[?(@.metadata.ownerReferences)]}{.metadata.name}{' '}{end}"
        return yard.kubectl("get", "pods", column).split()

    waiting.until("the pod is there", lambda: None if owned() else "no pod", 30)
    (name,) = owned()
    patch = json.dumps({"status": status()})
    yard.kubectl("patch", "pod", name, "--subresource=status", "--type=merge", "-p", patch)
    yard.kubectl("scale", "rs", "rs", "--replicas=0")

    def told() -> str | None:
        events = yard.kubectl("get", "events", "--field-selector=reason=FailedDelete", "-o=jsonpath={..message}")
        return None if "has not been drained" in events else events or "no event"

    waiting.until("the controller says why", told, 30)
    yard.kubectl("delete", "rs", "rs", "--wait=false")
    waiting.until("the ReplicaSet is gone", lambda: yard.kubectl("get", "rs", "-o=name") or None, 30)
    assert owned() == [name]


def test_elsewhere_nothing_is_guarded_and_a_namespace_that_ends_takes_its_workers_along(
    control_plane: Cluster, policies: Guards, namespace: str
) -> None:
    free = Yard(control_plane, namespace)
    assert "deleted" in free.delete(free.start(worker("free"), status()))
    free.bind()
    free.start(worker("busy"), status())
    try:
        with pytest.raises(RuntimeError, match="has not been drained"):
            free.kubectl("delete", "pods", "--all", "--wait=false")
        assert "deleted" in control_plane.kubectl("delete", "namespace", namespace, "--timeout=60s")
        control_plane.kubectl("create", "namespace", namespace)
    finally:
        policies.unbind(namespace)


@pytest.mark.parametrize("policy", ["delete-guard", "worker-marks"])
@pytest.mark.usefixtures("yard")
def test_the_api_server_finds_nothing_to_warn_about(control_plane: Cluster, policy: str) -> None:
    checked = "-o=jsonpath={.status.observedGeneration} {.status.typeChecking.expressionWarnings}"
    name = f"validatingadmissionpolicy/{policy}.headgate.dev"
    control_plane.kubectl("wait", name, "--for=jsonpath={.status.observedGeneration}", "--timeout=30s")
    assert control_plane.kubectl("get", name, checked).split()[1:] == []
