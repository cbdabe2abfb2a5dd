"""What the API server told of a pool, with the moment at which it was told: its wanted replicas and its ready pods."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.following import follow_until
from kube import config
from kube.client import Client
from kube.resources import PODS
from reconciler.phases.pool.pods import is_ready
from reconciler.status import RESOURCES
from tests.cluster.cluster import Cluster

Series = list[tuple[float, int]]


@dataclass
class Size:
    """One pool: its wanted replicas, and how many of its pods were ready and not asked to leave, over time."""

    wanted: Series = field(default_factory=list)
    ready: Series = field(default_factory=list)
    pods: dict[str, bool] = field(default_factory=dict)

    def want(self, replicas: int) -> None:
        _append(self.wanted, replicas)

    def saw(self, uid: str, *, serves: bool) -> None:
        self.pods[uid] = serves
        _append(self.ready, sum(self.pods.values()))


class Sizes:
    """Every pool of a namespace, by name."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._sizes: dict[str, Size] = {}

    def of(self, pool: str) -> Size:
        return self._sizes.setdefault(pool, Size())

    async def watch(self, stop: threading.Event) -> None:
        async with Client(await config.load(self._cluster.kubeconfig)) as client:
            pools = follow_until(stop, client, RESOURCES["WorkerPool"], self._namespace, self._saw_pool)
            await asyncio.gather(pools, follow_until(stop, client, PODS, self._namespace, self._saw_pod))

    def _saw_pool(self, pool: Mapping[str, Any], *, gone: bool = False) -> None:
        desired = (pool.get("status") or {}).get("desiredReplicas")
        if desired is not None and not gone:
            self.of(pool["metadata"]["name"]).want(int(desired))

    def _saw_pod(self, pod: Mapping[str, Any], *, gone: bool = False) -> None:
        metadata = pod["metadata"]
        name = (metadata.get("labels") or {}).get("headgate.dev/pool")
        leaves = "deletionTimestamp" in metadata or "headgate.dev/drain" in (metadata.get("annotations") or {})
        if name:
            self.of(name).saw(metadata["uid"], serves=is_ready(pod) and not leaves and not gone)


def first(series: Series, since: float, least: int) -> float | None:
    """When a number was at least `least` for the first time at or after `since`; None where it never was."""
    return next((at for at, number in series if at >= since and number >= least), None)


def lowest(series: Series, since: float, until: float) -> int:
    """The smallest number in force between two moments."""
    before = [number for at, number in series if at <= since][-1:]
    return min(before + [number for at, number in series if since < at <= until], default=0)


def latest(series: Series) -> int:
    return series[-1][1] if series else 0


def _append(series: Series, number: int) -> None:
    if not series or series[-1][1] != number:
        series.append((time.time(), number))
