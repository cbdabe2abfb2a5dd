"""Builders of objects of the API as users write them."""

from __future__ import annotations

from typing import Any

from crds import meta

Object = dict[str, Any]


def queue(name: str = "thumbnails", **spec: Any) -> Object:
    return _object("Queue", name, {"broker": redis()} | spec)


def redis(**fields: Any) -> Object:
    return {"redis": {"layout": "List", "url": "redis://redis.media.svc:6379/0"} | fields}


def pool(name: str = "thumbnails", **spec: Any) -> Object:
    fields = {"queues": [{"name": "thumbnails"}], "image": "registry.acme.io/media/resize:2.4.1"}
    return _object("WorkerPool", name, fields | {"scaling": {"maxReplicas": 10}} | spec)


def pool_from_template(*containers: Object, pod: Object | None = None, **spec: Any) -> Object:
    """A pool whose pods are written out, `pod` being what they have beside their containers."""
    made = pool(template={"spec": {"containers": list(containers)} | (pod or {})}, **spec)
    del made["spec"]["image"]
    return made


def policy(name: str = "guardrails", **spec: Any) -> Object:
    return _object("Policy", name, {"action": "Deny"} | spec)


def cluster_policy(name: str = "guardrails", **spec: Any) -> Object:
    return _object("ClusterPolicy", name, {"action": "Deny", "match": {"namespaceSelector": {}}} | spec)


def exemption(**fields: Any) -> Object:
    return {
        "name": "legacy",
        "rules": ["allowedImages"],
        "reason": "moves to the new registry",
        "expirationTime": "2027-01-31T00:00:00Z",
    } | fields


def _object(kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": meta.API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
