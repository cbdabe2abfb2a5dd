"""Pools and queues as the API server has them, as short as the test's point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from crds import meta

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


def ago(**period: float) -> str:
    return (NOW - timedelta(**period)).strftime("%Y-%m-%dT%H:%M:%SZ")


def pool(name: str = "thumbnails", *, seen: bool = True, spec: dict[str, Any] | None = None, **status: Any) -> Any:
    return _obj("WorkerPool", name, spec or {}, seen=seen, **status)


def queue(name: str = "orders", *, spec: dict[str, Any] | None = None, **status: Any) -> Any:
    return _obj("Queue", name, spec or {}, seen=True, **status)


def leaving(pod: str, running: int | None = None, **until: float) -> dict[str, Any]:
    """An entry of status.draining, with its deadline so much later than now."""
    deadline = (NOW + timedelta(**until)).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {"pod": pod, "since": ago(minutes=1), "deadline": deadline, "reason": "ScaleDown"}
    return entry if running is None else {**entry, "running": running}


def said(kind: str, status: str, reason: str, message: str = "") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _obj(kind: str, name: str, spec: dict[str, Any], *, seen: bool, **status: Any) -> dict[str, Any]:
    return {
        "apiVersion": meta.API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": "media", "generation": 2, "creationTimestamp": ago(minutes=5)},
        "spec": spec,
        "status": {"observedGeneration": 2 if seen else 1, **status},
    }
