"""Builders of the objects that children are rendered from."""

from __future__ import annotations

from typing import Any

from policies import effective
from policies.merging import Effective


def make_queue(name: str = "jobs", **spec: Any) -> dict[str, Any]:
    broker = {"redis": {"url": "redis://redis.media.svc:6379/0", "layout": "List"}}
    return {
        "apiVersion": "work.headgate.dev/v1",
        "kind": "Queue",
        "metadata": {"namespace": "media", "name": name, "uid": f"uid-{name}"},
        "spec": {"broker": broker, **spec},
    }


def make_pool(**spec: Any) -> dict[str, Any]:
    given = {"queues": [{"name": "jobs"}], "scaling": {"maxReplicas": 5}, **spec}
    if "template" not in given:
        given.setdefault("image", "registry.acme.io/media/resize:2.4.1")
    return {
        "apiVersion": "work.headgate.dev/v1",
        "kind": "WorkerPool",
        "metadata": {"namespace": "media", "name": "thumbnails", "uid": "uid-pool"},
        "spec": given,
    }


def effective_of(pool: dict[str, Any], *queues: dict[str, Any]) -> Effective:
    return effective.pool(pool["spec"], [queue["spec"] for queue in queues])
