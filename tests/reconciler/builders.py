"""Objects for tests, as short as the test's point."""

from __future__ import annotations

from itertools import count
from typing import Any

from crds import meta

_versions = count(1)


def metadata(name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    """Each call is a later state: resourceVersions rise."""
    return {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{name}",
        "generation": 1,
        "resourceVersion": str(next(_versions)),
        "creationTimestamp": "2027-01-15T07:00:00Z",
    } | more


def queue(name: str, namespace: str = "shop", status: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "Queue",
        "metadata": metadata(name, namespace, **more),
        "spec": {"broker": {"redis": {"url": "redis://redis.shop.svc:6379/0", "layout": "List"}}},
    } | ({"status": status} if status is not None else {})


def pool(name: str, *queues: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "WorkerPool",
        "metadata": metadata(name, namespace, **more),
        "spec": {
            "queues": [{"name": name} for name in queues or ("q",)],
            "image": "registry.example.com/worker:1",
            "scaling": {"maxReplicas": 10},
        },
    }


def policy(name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "Policy",
        "metadata": metadata(name, namespace, **more),
        "spec": {"action": "Warn"},
    }


def cluster_policy(name: str, **more: Any) -> dict[str, Any]:
    """About every namespace."""
    own = metadata(name, **more)
    del own["namespace"]
    spec = {"action": "Warn", "match": {"namespaceSelector": {}}}
    return {"apiVersion": meta.API_VERSION, "kind": "ClusterPolicy", "metadata": own, "spec": spec}


def pod(name: str, of: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A pod of a pool."""
    labels = {meta.LABEL_POOL: of["metadata"]["name"], meta.LABEL_POOL_UID: of["metadata"]["uid"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata(name, labels=labels, **more), "spec": {}}


def applied(obj: dict[str, Any], namespace: str) -> dict[str, Any]:
    """The same object as a user would apply it there."""
    kept = {key: value for key, value in obj["metadata"].items() if key in ("name", "labels", "annotations")}
    return obj | {"metadata": kept | {"namespace": namespace}}
