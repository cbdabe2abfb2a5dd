"""Builders: configurations, jobs and settings with everything a test doesn't care about filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from headgate_worker import config
from headgate_worker.config import Config, QueueConfig
from headgate_worker.settings import Settings

FAST_RETRY: Mapping[str, Any] = {
    "maxRetries": 2,
    "initialSeconds": 0.05,
    "maxSeconds": 0.2,
    "multiplier": 2.0,
    "jitterPercent": 0,
}


def queue(name: str = "q", url: str = "redis://127.0.0.1:1/0", **fields: Any) -> dict[str, Any]:
    """One queue of the configuration file."""
    return {"name": name, "queueName": name, "layout": "List", "url": url, "retry": FAST_RETRY, **fields}


def config_text(
    queues: Sequence[Mapping[str, Any]], generation: str = "g1", concurrency: int = 4, max_in_flight: int | None = None
) -> str:
    """The configuration file's text."""
    pool = {"concurrency": concurrency, "maxInFlight": max_in_flight or concurrency}
    return json.dumps({"generation": generation, "pool": pool, "queues": list(queues)})


def a_config(*queues: Mapping[str, Any], **pool: Any) -> Config:
    return config.parse(config_text(queues, **pool))


def queue_config(name: str = "q", url: str = "redis://127.0.0.1:1/0", **fields: Any) -> QueueConfig:
    return a_config(queue(name, url, **fields)).queues[0]


def settings(inline: Config | None = None, **fields: Any) -> Settings:
    """Settings of a worker without Kubernetes."""
    pod = fields.pop("pod", "pod-a")
    given: dict[str, Any] = {
        "instance": f"{pod}.0badcafe",
        "pod": pod,
        "pod_uid": "uid-a",
        "config": "",
        "drain_request": "/nowhere/drain",
        "admin_port": 0,
        "handler": "",
        "log_level": "INFO",
        "inline": inline,
    }
    return Settings(**{**given, **fields})


def job(job_id: str, **fields: Any) -> bytes:
    return json.dumps({"id": job_id, "enqueuedAt": 1.0, **fields}).encode()
