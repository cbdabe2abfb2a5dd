"""Audit events and pods for tests, as short as the test's point."""

from __future__ import annotations

from typing import Any

OPERATOR = "system:serviceaccount:media:headgate-reconciler"
REPLICA_SETS = "system:serviceaccount:kube-system:replicaset-controller"


def pod(name: str = "w-1", *, pool: str | None = "w", marked: str = "", uid: str = "", **status: Any) -> dict[str, Any]:
    annotations = {"headgate.dev/drained-instance": marked} if marked else {}
    labels = {} if pool is None else {"headgate.dev/pool": pool}
    metadata = {"name": name, "uid": uid or f"uid-{name}", "labels": labels, "annotations": annotations}
    return {"kind": "Pod", "metadata": metadata, "status": {"phase": "Running", **status}}


def running(container: str = "containerd://1", name: str = "worker") -> dict[str, Any]:
    """The status of a pod whose container runs."""
    return {"containerStatuses": [{"name": name, "containerID": container, "state": {"running": {}}}]}


def event(verb: str, answer: Any, subresource: str = "", user: str = REPLICA_SETS, **more: Any) -> dict[str, Any]:
    name = (answer or {}).get("metadata", {}).get("name", "w-1")
    return {
        "stage": "ResponseComplete",
        "verb": verb,
        "objectRef": {"resource": "pods", "namespace": "media", "name": name, "subresource": subresource},
        "user": {"username": user, "groups": ["system:authenticated"]},
        "responseStatus": {"code": 200},
        "responseObject": answer,
        "stageTimestamp": "2027-01-15T08:00:00.000000Z",
        **more,
    }
