"""What a Deployment that is to be taken over can be asked, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import former
from reconciler.reasons import Reason
from tests.reconciler.builders import pool

REQUEST = {"path": "drain", "fieldRef": {"fieldPath": "metadata.annotations['headgate.dev/drain']"}}
MOUNT = {"name": "drain", "mountPath": "/etc/headgate/pod"}
CONTRACT = {
    "volumes": [{"name": "drain", "downwardAPI": {"items": [REQUEST]}}],
    "containers": [{"name": "worker", "image": "w:1", "volumeMounts": [MOUNT]}],
}
PLAIN = {"containers": [{"name": "app", "image": "w:1"}], "terminationGracePeriodSeconds": 45}


def deployment(spec: dict[str, Any] = CONTRACT, **more: Any) -> dict[str, Any]:
    settled = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2}
    return {
        "metadata": {"name": "old", "generation": 3, "labels": more.get("labels", {})},
        "spec": {"selector": {"matchLabels": {"app": "old"}}, "template": {"spec": spec}},
        "status": settled | more.get("status", {}),
    }


def scaler(name: str, kind: str = "Deployment") -> dict[str, Any]:
    return {"metadata": {"name": "hpa"}, "spec": {"scaleTargetRef": {"kind": kind, "name": name}}}


@pytest.mark.parametrize(
    ("obj", "given", "want"),
    [
        pytest.param(deployment(), {}, None, id="workers that keep the contract"),
        pytest.param(deployment(PLAIN), {}, Reason.CANNOT_PROVE, id="workers that say nothing"),
        pytest.param(deployment(PLAIN), {"warm": True}, None, id="the same, where SIGTERM was chosen"),
        pytest.param(
            deployment({**CONTRACT, "containers": [{"name": "worker", "image": "w:1"}]}),
            {},
            Reason.CANNOT_PROVE,
            id="a request that no worker can see",
        ),
        pytest.param(
            deployment(status={"updatedReplicas": 1}), {}, Reason.TAKE_OVER_WAITS, id="in the middle of a rollout"
        ),
        pytest.param(
            deployment(status={"observedGeneration": 2}), {}, Reason.TAKE_OVER_WAITS, id="at the beginning of one"
        ),
        pytest.param(
            deployment(status={"updatedReplicas": 0}), {"taken": True}, None, id="an edit after it was paused by us"
        ),
        pytest.param(deployment(), {"autoscalers": [scaler("old")]}, Reason.ANOTHER_AUTOSCALER, id="an HPA on it"),
        pytest.param(deployment(), {"autoscalers": [scaler("other")]}, None, id="an HPA on another one"),
        pytest.param(deployment(), {"autoscalers": [scaler("old", "StatefulSet")]}, None, id="an HPA on a namesake"),
        pytest.param(
            deployment(labels={"headgate.dev/pool-uid": "uid-p"}),
            {},
            Reason.TAKE_OVER_REFUSED,
            id="what a WorkerPool has made for itself",
        ),
        pytest.param(
            deployment(labels={"headgate.dev/pool-uid": "gone"}), {}, None, id="what a pool that is gone has left"
        ),
    ],
)
def test_obstacle(obj: dict[str, Any], given: dict[str, Any], want: Reason | None) -> None:
    facts = {"pools": [pool("p")], "autoscalers": [], "warm": False, "taken": False, **given}
    found = former.obstacle(obj, **facts)
    assert (found.reason if found else None) == want


def test_what_cannot_be_proved_says_what_to_do() -> None:
    found = former.obstacle(deployment(PLAIN), [], [], warm=False, taken=False)
    assert found is not None
    assert found.message == (
        "The workers of Deployment old cannot say that they are idle, so none is removed. To have them ended by"
        " SIGTERM, with their own 45 s for what they run, set drain.method: Signal; or scale it down yourself:"
        " kubectl scale deployment old --replicas=N"
    )


def test_a_pod_is_known_by_the_replica_set_that_controls_it() -> None:
    def made(owner: str, digest: str) -> dict[str, Any]:
        owners = [{"kind": "ReplicaSet", "name": owner, "controller": True}]
        return {"metadata": {"labels": {"pod-template-hash": digest} if digest else {}, "ownerReferences": owners}}

    assert former.deployment_of(made("old-5d4f", "5d4f")) == "old"
    assert former.deployment_of(made("my-old-5d4f", "5d4f")) == "my-old"
    assert former.deployment_of(made("old-5d4f", "")) == "", "a ReplicaSet of its own"
    assert former.deployment_of({"metadata": {"labels": {"pod-template-hash": "5d4f"}}}) == "", "a pod by itself"


def test_a_selector_as_text() -> None:
    obj = deployment()
    obj["spec"]["selector"]["matchExpressions"] = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "canary", "operator": "DoesNotExist"},
        {"key": "team", "operator": "Exists"},
        {"key": "zone", "operator": "NotIn", "values": ["c"]},
    ]
    assert former.selector_of(obj) == "app=old,tier in (a,b),!canary,team,zone notin (c)"
