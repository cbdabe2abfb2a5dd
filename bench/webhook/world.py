"""The world of the benchmark: 5,000 objects, 16 policies of limits, and the reviews with the verdict each must get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

API: Final = "work.headgate.dev/v1"
NAMESPACES: Final = 50
PAIRS: Final = 50
POLICIES: Final = 16
USER: Final = {"username": "alice", "groups": ["team-a", "system:authenticated"]}


def queue(name: str, **spec: Any) -> dict[str, Any]:
    broker = {"redis": {"url": "redis://redis.work.svc:6379/0", "layout": "List"}}
    return {
        "apiVersion": API,
        "kind": "Queue",
        "metadata": _metadata(name),
        "spec": {
            "management": "Observe",
            "paused": False,
            "maxJobDuration": "5m",
            "broker": {"type": "Redis", **broker},
            "rateLimit": {"jobs": 300, "per": "1m", "burst": 300},
            "retry": {"maxRetries": 3, "backoff": {"initial": "1s", "max": "30s"}},
            "deletionPolicy": "Retain",
            **spec,
        },
    }


def pool(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "WorkerPool",
        "metadata": _metadata(name),
        "spec": {
            "queues": [{"name": "queue-1", "weight": 3}, {"name": "queue-2"}],
            "image": "registry.acme.io/team/worker:2.4.1",
            "args": ["--concurrency", "$(HEADGATE_CONCURRENCY)"],
            "env": [{"name": f"SETTING_{n}", "value": f"value number {n}"} for n in range(10)],
            "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
            "concurrency": 4,
            "maxInFlight": 8,
            "scaling": {"minReplicas": 1, "maxReplicas": 10},
            "drain": {"timeout": "10m", "onTimeout": "Wait"},
            **spec,
        },
    }


def policy(number: int) -> dict[str, Any]:
    limits = {"maxReplicasPerPool": 20 + number, "maxQueuesPerNamespace": 100 + number}
    return {
        "apiVersion": API,
        "kind": "Policy",
        "metadata": {"name": f"policy-{number}", "namespace": "ns-0", "uid": f"policy-uid-{number}", "generation": 1},
        "spec": {
            "action": "Deny",
            "match": {"labelSelector": {"matchLabels": {"tier": "work"}}},
            "limits": {**limits, "maxRate": {"jobs": 1000 + number, "per": "1m"}},
            "allowedImages": ["registry.acme.io/"],
            "requiredLabels": [{"key": "team"}],
            "defaults": {"labels": {"cost-center": "4711"}},
        },
    }


def write(folder: Path) -> int:
    """Write the manifests and return how many objects they hold."""
    count = 0
    for n in range(NAMESPACES):
        objects = [one for i in range(PAIRS) for one in (queue(f"queue-{i}"), pool(f"pool-{i}"))]
        for one in objects:
            one["metadata"]["namespace"] = f"ns-{n}"
        if n == 0:
            objects += [policy(number) for number in range(POLICIES)]
        text = "\n---\n".join(yaml.dump(one, Dumper=yaml.CSafeDumper) for one in objects)
        (folder / f"ns-{n}.yaml").write_text(text)
        count += len(objects)
    return count


def calls() -> list[dict[str, Any]]:
    """Both calls of each request, in the order in which an API server makes them; a denial ends a request."""
    found: list[dict[str, Any]] = []
    for number, (operation, obj, old, allowed) in enumerate(_requests()):
        review = _review(number, operation, obj, old)
        paths = ("/default", "/validate") if allowed else ("/default",)
        found += [{"path": path, "review": review, "allowed": allowed} for path in paths]
    return found


def _requests() -> Iterator[tuple[str, dict[str, Any], dict[str, Any] | None, bool]]:
    for n in range(6):
        yield "CREATE", pool(f"new-{n}"), None, True
        yield "UPDATE", pool(f"pool-{n}", concurrency=5), pool(f"pool-{n}"), True
    for n in range(3):
        yield "CREATE", queue(f"fresh-{n}"), None, True
        yield "UPDATE", queue(f"queue-{n}", paused=True), queue(f"queue-{n}"), True
    yield "CREATE", pool("missing", queues=[{"name": "queue-111"}]), None, True
    wrong = pool("wrong", image="docker.io/acme/worker:1", scaling={"maxReplicas": 400})
    del wrong["metadata"]["labels"]["team"]
    yield "CREATE", wrong, None, False
    yield "CREATE", pool("static", maxInFlight=1), None, False
    yield "CREATE", queue("reserved", queueName="System", rateLimit={"jobs": 9000, "per": "1m"}), None, False


def _metadata(name: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:spec": {".": {}, **{f"f:field{n}": {} for n in range(20)}}}
    managed = {"manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": API}
    return {
        "name": name,
        "namespace": "ns-0",
        "uid": "8f2c6c8e-52f9-4f5e-9d5c-3a4a4a2f7f10",
        "labels": {"team": "a", "tier": "work", "app.kubernetes.io/part-of": "shop"},
        "annotations": {"description": "made for the benchmark"},
        "managedFields": [
            {**managed, "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields},
        ],
    }


def _review(number: int, operation: str, obj: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    plural = {"Queue": "queues", "WorkerPool": "workerpools"}[obj["kind"]]
    kind = {"group": "work.headgate.dev", "version": "v1", "kind": obj["kind"]}
    resource = {"group": "work.headgate.dev", "version": "v1", "resource": plural}
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": f"705ab4f5-6393-11e8-b7cc-42010a80{number:04d}",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": obj["metadata"]["name"],
            "namespace": "ns-0",
            "operation": operation,
            "userInfo": USER,
            "object": obj,
            "oldObject": old,
            "dryRun": False,
            "options": {"kind": f"{operation.title()}Options", "apiVersion": "meta.k8s.io/v1"},
        },
    }


def write_calls(file: Path) -> int:
    file.write_text(json.dumps(calls()))
    return file.stat().st_size
