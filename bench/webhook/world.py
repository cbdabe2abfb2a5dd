"""The world both servers judge against, and the reviews they are asked: 5,000 objects, 16 policies, eight requests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

Object = dict[str, Any]

NAMESPACES: Final = 50
OBJECTS: Final = 5_000
POLICIES: Final = 16
PAGE: Final = 250
HOME: Final = "team-00"
"""The namespace of every request; half of the policies are its own."""
LABELS: Final = {"team": "media", "acme.io/cost": "shared"}
"""What one of the policies defaults."""

GROUP: Final = "work.headgate.dev"
RULES: Final = (
    ("a field", "object.spec.scaling.maxReplicas <= 20"),
    ("an optional field", "object.spec.?hold.replicas.orValue(0) < 5"),
    ("a loop over labels", "object.metadata.labels.all(key, key != 'forbidden')"),
    ("a quantity", "quantity(object.spec.resources.limits.memory).isLessThan(quantity('8Gi'))"),
    ("an effective value", "effective.scaling.minReplicas >= 1"),
)
"""Rules in CEL about WorkerPools, each with a word for what it looks at."""


def write(folder: Path, policies: Iterable[Object]) -> None:
    """The world as lists in JSON, which the servers read; in pages, as an API server would send it."""
    folder.mkdir()
    for number, page in enumerate(batched([*_namespaces(), *policies, *_work()], PAGE)):
        content = {"apiVersion": "v1", "kind": "List", "items": page}
        (folder / f"page-{number:03}.json").write_text(json.dumps(content))


def batched(items: Sequence[Object], size: int) -> Iterator[Sequence[Object]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


def _namespaces() -> Iterator[Object]:
    for number in range(NAMESPACES):
        labels = {"env": "prod" if number % 2 == 0 else "dev"}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{number:02}", "labels": labels}}


def _work() -> Iterator[Object]:
    for number in range(OBJECTS // 2):
        namespace, name = f"team-{number % NAMESPACES:02}", f"jobs-{number // NAMESPACES:03}"
        yield queue(namespace, name, number)
        yield pool(namespace, name, number)


def policies() -> Iterator[Object]:
    """Eight of the namespace, eight of the cluster; all of them apply to the requests, with differing selectors."""
    matches: list[Object] = [
        {},
        {"kinds": ["WorkerPool", "Queue"]},
        {"names": ["jobs-*", "new-*"]},
        {"labelSelector": {"matchLabels": {"tier": "back"}}},
    ]
    for number in range(POLICIES):
        spec: Object = {"action": "Deny", "match": dict(matches[number % 4]), "limits": _limits(number)}
        if number == 1:
            spec |= {"requiredLabels": [{"key": "team"}], "allowedImages": ["registry.acme.io/"]}
        if number == 2:
            spec["defaults"] = {"labels": LABELS}
        if number % 2 == 0:
            yield _policy("Policy", f"limits-{number:02}", spec, HOME)
        else:
            selectors: list[Object] = [{}, {"matchLabels": {"env": "prod"}}]
            spec["match"]["namespaceSelector"] = selectors[number // 2 % 2]
            yield _policy("ClusterPolicy", f"guardrails-{number:02}", spec)


def ruled() -> Object:
    """A policy of ten rules in CEL, which every WorkerPool here keeps that is not refused for something else."""
    return with_rules([expression for _, expression in RULES * 2])


def with_rules(expressions: Sequence[str]) -> Object:
    """A policy of rules in CEL about every WorkerPool."""
    rules = [
        {"name": f"rule-{number}", "expression": expression, "message": "no", "kinds": ["WorkerPool"]}
        for number, expression in enumerate(expressions)
    ]
    spec = {"action": "Deny", "match": {"namespaceSelector": {}}, "rules": rules}
    return _policy("ClusterPolicy", "rules", spec)


def _limits(number: int) -> Object:
    limits: Object = {"maxReplicasPerPool": 20 + number}
    if number % 4 == 0:
        limits["maxQueuesPerNamespace"] = 1000 + number
    if number % 4 == 1:
        limits["maxRate"] = {"jobs": 100 + number, "per": "1s"}
    return limits


def _policy(kind: str, name: str, spec: Object, namespace: str = "") -> Object:
    metadata = {"name": name, "uid": f"00000000-0000-0000-0000-{name:>012}", "generation": 3}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "spec": spec}


def queue(namespace: str, name: str, number: int = 0) -> Object:
    spec = {
        "management": "Observe",
        "paused": False,
        "deletionPolicy": "Retain",
        "maxJobDuration": "10m",
        "broker": {"type": "Redis", "redis": {"layout": "List", "url": "redis://redis.media.svc:6379/0"}},
        "rateLimit": {"jobs": 50 + number % 7, "per": "1s"},
        "retry": {"maxRetries": 5, "backoff": {"initial": "2s", "max": "1m", "jitterPercent": 10}},
        "deadLetter": {"queueName": f"{name}-dead", "alertAbove": 10},
    }
    return _object("Queue", namespace, name, spec)


def pool(namespace: str, name: str, number: int = 0, **changes: Any) -> Object:
    spec = {
        "queues": [{"name": name}],
        "image": f"registry.acme.io/media/resize:2.4.{number % 10}",
        "command": ["python", "-m", "worker"],
        "args": ["--queues", "$(HEADGATE_QUEUES)", "--concurrency", "$(HEADGATE_CONCURRENCY)", "--log", "json"],
        "env": [{"name": f"SETTING_{index}", "value": f"value of setting {index}"} for index in range(8)],
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "concurrency": 4,
        "maxInFlight": 8,
        "scaling": {"minReplicas": 1, "maxReplicas": 10, "jobsPerReplica": 20},
        "drain": {"timeout": "5m", "onTimeout": "Wait", "method": "AdminAPI", "adminAPI": {"port": 8079}},
        "rollout": {"maxSurge": "25%", "maxUnavailable": 0, "progressDeadline": "15m"},
    } | changes
    return _object("WorkerPool", namespace, name, spec)


def _object(kind: str, namespace: str, name: str, spec: Object) -> Object:
    applied = {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    fields: Object = {f"f:{key}": {} for key in spec}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": "6b4a1ad5-7b0c-4b57-9f5d-3d5f1b2c7a10",
            "generation": 1,
            "creationTimestamp": "2026-11-23T12:00:00Z",
            "labels": {"tier": "back", "app.kubernetes.io/name": name},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied)},
            "managedFields": [
                {
                    "manager": "kubectl-client-side-apply",
                    "operation": "Update",
                    "apiVersion": f"{GROUP}/v1",
                    "time": "2026-11-23T12:00:00Z",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:spec": fields},
                }
            ],
        },
        "spec": spec,
    }


def cases() -> Iterator[Object]:
    """The requests, each with what its right answer contains. An apply costs two reviews; a refused one costs one."""
    new, known = pool(HOME, "new-pool", queues=[{"name": "jobs-000"}]), pool(HOME, "jobs-000")
    edited = pool(HOME, "jobs-000", concurrency=8)
    created = queue(HOME, "new-queue")
    over = pool(HOME, "new-pool", queues=[{"name": "jobs-000"}], scaling={"minReplicas": 1, "maxReplicas": 40})
    yes, no = '"allowed":true', '"allowed":false'
    for obj, old in ((new, None), (edited, known), (created, None)):
        yield {"path": "/default", "body": review(obj, old), "want": yes}
        stored = labelled(obj)
        yield {"path": "/validate", "body": review(stored, old and labelled(old)), "want": yes}
    yield {"path": "/default", "body": review(over, None), "want": no}
    yield {"path": "/validate", "body": scale("jobs-000", 60), "want": no}


def labelled(obj: Object) -> Object:
    """The object with the labels that a policy of this world defaults."""
    labels = obj["metadata"]["labels"] | LABELS
    return {**obj, "metadata": {**obj["metadata"], "labels": labels}}


def review(new: Object, old: Object | None, **request: Any) -> Object:
    """A review of one write, as the API server sends it."""
    plural = {"Queue": "queues", "WorkerPool": "workerpools", "Scale": "workerpools"}[new["kind"]]
    kind = {"group": GROUP, "version": "v1", "kind": new["kind"]}
    resource = {"group": GROUP, "version": "v1", "resource": plural}
    operation = "CREATE" if old is None else "UPDATE"
    return {
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": kind,
            "resource": resource,
            "requestKind": kind,
            "requestResource": resource,
            "name": new["metadata"]["name"],
            "namespace": HOME,
            "operation": operation,
            "userInfo": {"username": "alice", "uid": "42", "groups": ["team-media", "system:authenticated"]},
            "object": new,
            "oldObject": old,
            "dryRun": False,
            "options": {"kind": f"{operation.title()}Options", "apiVersion": "meta.k8s.io/v1"},
            **request,
        },
    }


def scale(name: str, replicas: int) -> Object:
    """A review of `kubectl scale`."""

    def scaled(to: int) -> Object:
        metadata = {"name": name, "namespace": HOME}
        return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": {"replicas": to}}

    kind = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    return review(scaled(replicas), scaled(0), kind=kind, subResource="scale")
