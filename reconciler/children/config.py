"""The configuration that workers read live: `queues.json` of docs/worker-contract.md, section 2, in a ConfigMap."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from crds import duration, meta, quantity
from policies.effective import Effective
from reconciler.children import environment
from reconciler.children.blueprint import Blueprint, Source, config_name

GENERATION_LENGTH: Final = 10


def config_map(blueprint: Blueprint) -> dict[str, Any]:
    """The file, and beside it the variables that containers take from it when they start."""
    content = configuration(blueprint)
    metadata = blueprint.metadata(config_name(blueprint.name))
    metadata["annotations"] = {meta.ANNOTATION_CONFIG_GENERATION: content["generation"]}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {environment.CONFIG_FILE: text, **environment.changing(blueprint)},
    }


def configuration(blueprint: Blueprint) -> dict[str, Any]:
    """The content of the file. `generation` is a digest of all the rest."""
    effective = blueprint.effective
    content = {
        "pool": {
            "namespace": blueprint.namespace,
            "name": blueprint.name,
            "concurrency": effective.get("concurrency"),
            "maxInFlight": effective.get("maxInFlight"),
            "drainSeconds": environment.drain_seconds(blueprint),
        },
        "queues": [_queue(source) for source in blueprint.sources],
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return {"generation": hashlib.sha256(canonical.encode()).hexdigest()[:GENERATION_LENGTH], **content}


def _queue(source: Source) -> dict[str, Any]:
    broker = source.spec["broker"]
    redis = broker.get("redis") or {}
    name, prefix = source.queue_name, redis.get("keyPrefix", "")
    return {
        "name": source.name,
        "queueName": name,
        "layout": redis.get("layout") or broker.get("type", ""),
        "url": redis.get("url", ""),
        "keyPrefix": prefix,
        "consumerGroup": redis.get("consumerGroup") or "workers",
        "processingKey": redis.get("processingKey") or f"{prefix}{name}:processing",
        "credentials": environment.credentials(source),
        "priorities": _priorities(source),
        "paused": bool(source.spec.get("paused")),
        "weight": source.entry.get("weight") or 1,
        "deadLetter": source.effective.get("deadLetter.queueName") or f"{name}:dead",
        "rateLimit": _rate_limit(source.effective),
        "retry": _retry(source.effective),
    }


def _priorities(source: Source) -> list[str]:
    """Those of the queue, in its order; of these only the ones the pool asks for, where it does."""
    all_of_them = list(source.spec.get("priorities") or ())
    asked = source.entry.get("priorities")
    return [priority for priority in all_of_them if not asked or priority in asked]


def _rate_limit(effective: Effective) -> dict[str, Any] | None:
    jobs = effective.get("rateLimit.jobs")
    if jobs is None:
        return None
    per = duration.seconds(effective.get("rateLimit.per"))
    return {"jobs": jobs, "perSeconds": per, "burst": effective.get("rateLimit.burst")}


def _retry(effective: Effective) -> Mapping[str, Any]:
    multiplier: Decimal = quantity.parse(effective.get("retry.backoff.multiplier"))
    return {
        "maxRetries": effective.get("retry.maxRetries"),
        "initialSeconds": duration.seconds(effective.get("retry.backoff.initial")),
        "maxSeconds": duration.seconds(effective.get("retry.backoff.max")),
        "multiplier": float(multiplier),
        "jitterPercent": effective.get("retry.backoff.jitterPercent"),
    }
