"""One look at the demo's world: the queue at the broker, the pool and its pods at the API server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from tests.cluster.cluster import Cluster

POOL = "thumbnails"


@dataclass(frozen=True, slots=True)
class Sample:
    """`time` is seconds since the load began; `oldest` the age in seconds of the job that waits longest."""

    time: float
    waiting: int
    in_flight: int
    oldest: float
    wanted: int
    pods: int
    ready: int
    busy: int
    draining: int
    revisions: int
    why: str


class Sampler:
    """Looks at the broker directly, because status is written at most every 30 s when only numbers move."""

    def __init__(self, cluster: Cluster, namespace: str, redis: Redis) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._redis = redis

    def look(self, time: float) -> Sample:
        pool, pods = self._objects()
        records = self._records()
        status = pool.get("status") or {}
        active = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        return Sample(
            time=time,
            waiting=int(self._redis.llen(POOL)),
            in_flight=sum(record["running"] + record["held"] for record in records),
            oldest=self._oldest(),
            wanted=status.get("desiredReplicas", 0),
            pods=len(pods),
            ready=sum(_ready(pod) for pod in active),
            busy=sum(record["running"] > 0 for record in records),
            draining=sum("headgate.dev/drain" in (pod["metadata"].get("annotations") or {}) for pod in pods),
            revisions=len({pod["metadata"]["labels"]["headgate.dev/revision"] for pod in pods}),
            why=status.get("summary", ""),
        )

    def _objects(self) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
        namespace = f"--namespace={self._namespace}"
        listed = self._cluster.kubectl("get", "workerpools,pods", namespace, "--output=json")
        items = json.loads(listed)["items"]
        pools = [item for item in items if item["kind"] == "WorkerPool" and item["metadata"]["name"] == POOL]
        labelled = (item for item in items if item["kind"] == "Pod")
        pods = [item for item in labelled if (item["metadata"].get("labels") or {}).get("headgate.dev/pool") == POOL]
        return (pools[0] if pools else {}), pods

    def _records(self) -> list[Mapping[str, Any]]:
        stored: Mapping[bytes, bytes] = self._redis.hgetall(f"{POOL}:workers")  # type: ignore[assignment]  # as above
        return [json.loads(text) for text in stored.values()]

    def _oldest(self) -> float:
        raw: Any = self._redis.lindex(POOL, -1)
        if raw is None:
            return 0.0
        seconds, micros = self._redis.time()
        return max(0.0, float(seconds + micros / 1e6 - json.loads(raw)["enqueuedAt"]))


def _ready(pod: Mapping[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
