"""Builders of the objects that requests carry, as plain as the API server sends them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crds import meta
from policies import Facts, MemorySnapshot, Operation

Object = dict[str, Any]
NAMESPACE = "media"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def obj(kind: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> Object:
    return {
        "apiVersion": meta.API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": f"uid-{name}", "generation": 1, **metadata},
        "spec": dict(spec),
    }


def pool(name: str = "thumbnails", *, queues: tuple[str, ...] = ("thumbnails",), **spec: Any) -> Object:
    """A WorkerPool the schema accepts; keyword arguments are spec fields, `metadata` excepted."""
    metadata = spec.pop("metadata", {})
    least = {"queues": [{"name": queue} for queue in queues], "image": "registry.acme.io/resize:2.4.1"}
    return obj("WorkerPool", name, {**least, "scaling": {"maxReplicas": 10}, **spec}, **metadata)


def queue(name: str = "thumbnails", *, layout: str = "List", **spec: Any) -> Object:
    """A Queue the schema accepts, on a Redis."""
    metadata = spec.pop("metadata", {})
    broker = {"type": "Redis", "redis": {"url": "redis://redis.media.svc:6379/0", "layout": layout}}
    return obj("Queue", name, {"broker": broker, **spec}, **metadata)


def policy(name: str = "limits", *, action: str = "Deny", **spec: Any) -> Object:
    return obj("Policy", name, {"action": action, **spec})


def cluster_policy(name: str = "guardrails", *, action: str = "Deny", **spec: Any) -> Object:
    match = {"namespaceSelector": {}, **spec.pop("match", {})}
    made = obj("ClusterPolicy", name, {"action": action, "match": match, **spec})
    del made["metadata"]["namespace"]
    return made


def namespace(name: str = NAMESPACE, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def facts(new: Object, *world: Object, old: Object | None = None, final: bool = False, subresource: str = "") -> Facts:
    """The request that writes `new` into a world of these objects."""
    operation = Operation.CREATE if old is None else Operation.UPDATE
    return Facts(new["kind"], operation, new, old, MemorySnapshot.of(world), NOW, subresource, final=final)
