"""What is left of a watched object says the same to everybody who reads it, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from crds import meta
from reconciler.children.sizes import sizes_of
from reconciler.children.strangers import strangers
from reconciler.ownership import autoscaler_of
from reconciler.phases.pool import pods, serving
from reconciler.phases.pool.ask import _own_port
from reconciler.phases.pool.resize import _condition
from reconciler.phases.pool.summary import _image
from reconciler.trimming import trim
from tests.reconciler.builders import queue

Object = dict[str, Any]
NOW: Final = datetime(2027, 1, 15, 8, tzinfo=UTC)
CONTAINER: Final[Object] = {
    "name": "worker",
    "image": "registry.example.com/worker:1",
    "command": ["work"],
    "env": [{"name": "HEADGATE_ADMIN_PORT", "value": "8123"}, {"name": "SECRET", "value": "s"}],
    "resources": {"limits": {"cpu": "1"}},
    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
}
SPEC: Final[Object] = {
    "containers": [CONTAINER, {"name": "sidecar", "image": "registry.example.com/sidecar:1"}],
    "volumes": [{"name": "data", "emptyDir": {}}],
    "terminationGracePeriodSeconds": 600,
}
POD: Final[Object] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "p-1",
        "namespace": "shop",
        "uid": "u",
        "resourceVersion": "7",
        "creationTimestamp": "2027-01-15T07:00:00Z",
        "deletionGracePeriodSeconds": 600,
        "labels": {meta.LABEL_POOL: "p", meta.LABEL_DRAINED: "true"},
        "annotations": {meta.ANNOTATION_DRAIN: "ScaleDown/2027-01-15T07:10:00Z", meta.ANNOTATION_GUARD: "None"},
        "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {"f:phase": {}}}}],
    },
    "spec": {**SPEC, "nodeName": "n-1", "tolerations": [{"operator": "Exists"}]},
    "status": {
        "phase": "Running",
        "podIP": "10.0.0.7",
        "hostIP": "192.0.2.1",
        "conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "2027-01-15T07:00:30Z"},
            {"type": "DisruptionTarget", "status": "True"},
            {"type": "PodResizePending", "status": "True", "reason": "Infeasible", "message": "too large"},
        ],
        "containerStatuses": [
            {
                "name": "worker",
                "containerID": "containerd://1",
                "restartCount": 2,
                "state": {"running": {}},
                "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
            }
        ],
        "initContainerStatuses": [{"name": "agent", "state": {"waiting": {"reason": "ErrImagePull"}}}],
    },
}
WAITING: Final[Object] = {
    **POD,
    "spec": {**SPEC, "schedulerName": "mine"},
    "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": "no room"}]},
}
READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "the pod of the plans": lambda pod: pods.pod_of(pod, {}),
    "what a worker is asked by": pods.asked_of,
    "what keeps it from running": pods.pod_trouble,
    "whether the cluster takes it away": pods.is_disrupted,
    "whether it is open to deletes": pods.is_unguarded,
    "how long it is ready": lambda pod: pods.ready_seconds(pod, NOW),
    "whether it may become ready": serving.may_start,
    "how long it took to start": lambda pod: list(serving.starts([pod])),
    "how large it is": lambda pod: sizes_of(pod["spec"]),
    "at which port it answers": _own_port,
    "whether it can be resized": lambda pod: _condition(pod, "PodResizePending"),
    "its image": _image,
    "its address": lambda pod: pod["status"].get("podIP"),
}


@pytest.mark.parametrize("pod", [POD, WAITING], ids=["running", "waiting"])
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_a_pod_says_the_same_to_who_reads_it(pod: Object, reader: Callable[[Mapping[str, Any]], Any]) -> None:
    assert reader(trim(pod)) == reader(pod)


def test_a_pod_is_kept_without_what_its_template_says() -> None:
    kept = trim(POD)
    assert kept["spec"] == {
        "nodeName": "n-1",
        "terminationGracePeriodSeconds": 600,
        "containers": [
            {
                "name": "worker",
                "image": "registry.example.com/worker:1",
                "resources": {"limits": {"cpu": "1"}},
                "env": [{"name": "HEADGATE_ADMIN_PORT", "value": "8123"}],
            },
            {"name": "sidecar", "image": "registry.example.com/sidecar:1"},
        ],
    }
    assert "hostIP" not in kept["status"]
    assert "managedFields" not in kept["metadata"]


def child(**managed: Any) -> Object:
    entry = {"apiVersion": "apps/v1", "operation": "Update", "time": "2027-01-15T07:00:00Z", **managed}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "p-r1", "namespace": "shop", "uid": "d", "managedFields": [entry]},
        "spec": {"replicas": 2, "paused": True, "template": {"metadata": {"labels": {"a": "b"}}, "spec": SPEC}},
        "status": {"observedGeneration": 1},
    }


def test_a_child_keeps_its_image_and_grace_period_and_all_but_the_template() -> None:
    made = child(manager="kubectl")
    kept = trim(made)
    assert _image(kept) == _image(made)
    assert kept["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 600
    assert "volumes" not in kept["spec"]["template"]["spec"]
    whole, left = ({**one, "spec": {**one["spec"], "template": None}} for one in (made, kept))
    del whole["metadata"]["managedFields"]
    assert left == whole


def test_managed_fields_are_kept_where_they_tell_of_strangers_and_autoscalers() -> None:
    theirs = child(manager="kubectl", fieldsV1={"f:spec": {"f:paused": {}}})
    assert strangers(trim(theirs)) == strangers(theirs) != {}
    scaled = child(manager="keda", subresource="scale", fieldsV1={"f:spec": {"f:replicas": {}}})
    assert autoscaler_of(trim(scaled)) == autoscaler_of(scaled) is not None
    made = queue("a", managedFields=[{"manager": "kubectl", "subresource": "scale"}])
    assert "managedFields" not in trim(made)["metadata"]


TWICE: Final[Mapping[str, Object]] = {
    "a pod": POD,
    "a node": {"kind": "Node", "metadata": {"name": "n"}, "spec": {"unschedulable": True, "podCIDR": "10.0.0.0/24"}},
    "a stranger's child": child(manager="kubectl", fieldsV1={"f:spec": {"f:paused": {}}}),
    "an autoscaler's": child(manager="keda", subresource="scale", fieldsV1={"f:spec": {"f:replicas": {}}}),
    "of one that sets more": child(manager="my-autoscaler", fieldsV1={"f:spec": {"f:replicas": {}, "f:paused": {}}}),
    "a pool": {"kind": "WorkerPool", "metadata": {"managedFields": [{"manager": "keda", "subresource": "scale"}]}},
}


@pytest.mark.parametrize("obj", TWICE.values(), ids=TWICE.keys())
def test_what_is_kept_is_kept_again(obj: Object) -> None:
    assert trim(trim(obj)) == trim(obj)


@pytest.mark.parametrize("obj", [POD, child(manager="kubectl"), {"kind": "Pod", "metadata": {"name": "bare"}}])
def test_what_is_given_stays_as_it_is(obj: Object) -> None:
    before = deepcopy(obj)
    trim(obj)
    assert obj == before
