"""`queues.json`, the effective configuration that workers re-read without a restart (docs/worker-contract.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from crds import duration
from kube.resources import CONFIG_MAPS
from policies.effective import Effective
from reconciler.children.environment import CONFIG_FILE, drain_seconds
from reconciler.children.names import Owner
from reconciler.children.volumes import credentials_folder

GENERATION_LENGTH: Final = 10
DEFAULT_GROUP: Final = "workers"


@dataclass(frozen=True, slots=True)
class WorkedQueue:
    """A Queue object, what is in force for it, and what the pool says of it."""

    obj: Mapping[str, Any]
    effective: Effective
    reference: Mapping[str, Any]


def configuration(owner: Owner, pool: Effective, queues: Sequence[WorkedQueue]) -> dict[str, Any]:
    """The file's content; `generation` is a digest of the rest."""
    content: dict[str, Any] = {
        "pool": {
            "namespace": owner.namespace,
            "name": owner.name,
            "concurrency": pool.get("concurrency"),
            "maxInFlight": pool.get("maxInFlight"),
            "drainSeconds": drain_seconds(pool),
        },
        "queues": [_queue(queue) for queue in queues],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return {"generation": sha256(text.encode()).hexdigest()[:GENERATION_LENGTH], **content}


def config_map(owner: Owner, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": CONFIG_MAPS.api_version,
        "kind": CONFIG_MAPS.kind,
        "metadata": owner.metadata(owner.config_map),
        "data": {CONFIG_FILE: json.dumps(content, indent=1, sort_keys=True)},
    }


def _queue(queue: WorkedQueue) -> dict[str, Any]:
    spec, name = queue.obj["spec"], queue.obj["metadata"]["name"]
    redis = spec["broker"].get("redis") or {}
    queue_name = spec.get("queueName") or name
    prefix = redis.get("keyPrefix", "")
    return {
        "name": name,
        "queueName": queue_name,
        "layout": redis.get("layout", ""),
        "url": redis.get("url", ""),
        "keyPrefix": prefix,
        "consumerGroup": redis.get("consumerGroup", DEFAULT_GROUP),
        "processingKey": redis.get("processingKey") or f"{prefix}{queue_name}:processing",
        "credentials": credentials_folder(queue.obj),
        "priorities": list(queue.reference.get("priorities") or spec.get("priorities") or []),
        "paused": bool(spec.get("paused")),
        "weight": queue.reference.get("weight"),
        "deadLetter": (spec.get("deadLetter") or {}).get("queueName") or f"{queue_name}:dead",
        "rateLimit": _rate_limit(queue.effective),
        "retry": _retry(queue.effective),
    }


def _rate_limit(effective: Effective) -> dict[str, Any] | None:
    jobs = effective.get("rateLimit.jobs")
    if jobs is None:
        return None
    per = duration.seconds(effective.get("rateLimit.per"))
    return {"jobs": jobs, "perSeconds": per, "burst": effective.get("rateLimit.burst")}


def _retry(effective: Effective) -> dict[str, Any]:
    return {
        "maxRetries": effective.get("retry.maxRetries"),
        "initialSeconds": duration.seconds(effective.get("retry.backoff.initial")),
        "maxSeconds": duration.seconds(effective.get("retry.backoff.max")),
        "multiplier": float(effective.get("retry.backoff.multiplier")),
        "jitterPercent": effective.get("retry.backoff.jitterPercent"),
    }
