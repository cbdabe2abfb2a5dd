"""From `queue.example.com`, the operator API that go-redis-work-queue drafted.

v1beta1 has its words, so the way goes through that. Its defaults were others than ours, so they are written out; and
nothing is kept for a way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import meta
from crds.conversion import convert, unsaid
from crds.conversion.kept import ANNOTATION
from headgate.moving.moved import Moved, Object, written_by_people

GROUP: Final = "queue.example.com"
# What its schema filled in, by the object it was filled into.
DEFAULTS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "Queue": {
        "deadLetterQueue": {"maxRetries": 3},
        "deadLetterQueue.retryBackoff": {"initialDelay": "1s", "maxDelay": "30s", "multiplier": 2},
        "retention": {"completedJobs": "24h", "failedJobs": "72h", "maxJobs": 10000},
    },
    "WorkerPool": {
        "template.spec": {"concurrency": 10, "maxInFlight": 100},
        "autoScaling": {"minReplicas": 1, "targetBacklogPerWorker": 100},
        "autoScaling.latencySLO": {"targetPercentile": 0.95, "targetLatencyMs": 1000},
        "updateStrategy.rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
        "drainPolicy": {"timeoutPeriod": "60s"},
    },
    "Policy": {
        "circuitBreaker": {"failureThreshold": 5, "recoveryThreshold": 3, "timeout": "60s"},
        "retryDefaults": {"initialDelay": "1s", "maxDelay": "30s", "multiplier": 2},
    },
}


def is_drafted(obj: Mapping[str, Any]) -> bool:
    return str(obj.get("apiVersion", "")).startswith(f"{GROUP}/") and obj.get("kind") in DEFAULTS


def moved(obj: Object) -> Moved:
    metadata = written_by_people(obj.get("metadata"))
    spec = obj.get("spec")
    filled = {**spec} if isinstance(spec, dict) else {}
    for path, defaults in DEFAULTS[obj["kind"]].items():
        filled = _with_defaults(filled, path.split("."), defaults)
    beta = {"apiVersion": meta.BETA_API_VERSION, "kind": obj["kind"], "metadata": metadata, "spec": filled}
    hub = convert(beta, meta.API_VERSION)
    notes = [f"{path} does not come along: {instead}" for path, instead in unsaid(hub).items()]
    return Moved(_for_good(hub), (*notes, *_more(obj["kind"], hub, filled)))


def _with_defaults(node: Any, steps: list[str], defaults: Mapping[str, Any]) -> Any:
    """Fills in what is absent from an object that is there; an absent object stays absent."""
    if not isinstance(node, dict):
        return node
    if not steps:
        return {**defaults, **node}
    step, *below = steps
    return {**node, step: _with_defaults(node[step], below, defaults)} if step in node else node


def _for_good(hub: Object) -> Object:
    """Without what was kept for a way back."""
    annotations = {k: v for k, v in hub["metadata"].get("annotations", {}).items() if k != ANNOTATION}
    metadata = {key: value for key, value in hub["metadata"].items() if key != "annotations"}
    if annotations:
        metadata["annotations"] = annotations
    return {key: value for key, value in {**hub, "metadata": metadata}.items() if key != "status"}


def _more(kind: str, hub: Object, spec: Mapping[str, Any]) -> list[str]:
    notes = []
    if kind == "Queue" and "broker" not in hub["spec"]:
        notes.append("spec.broker is for you to fill in: the drafted operator took Redis from its own settings")
    if kind == "Queue" and (secret := hub["spec"].get("broker", {}).get("connectionSecretRef")):
        notes.append(f'Secret {secret.get("name")} needs the label {meta.LABEL_BROKER_CREDENTIALS}: "true"')
        if (key := spec["redis"].get("passwordSecret", {}).get("key")) != "password":
            notes.append(f"its key {key} must be called password")
    if kind == "Policy":
        notes.append("it holds in its namespace; the drafted operator's held nowhere in particular")
    return notes
