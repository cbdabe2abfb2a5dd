"""Queues, pools and their jobs: an API server with fake nodes, a real Redis, and somebody who moves jobs."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any, Final

from redis.asyncio import Redis

from crds import meta
from kube.client import Client
from reconciler.status import RESOURCES

NAMESPACE: Final = "bench"
CREATORS: Final = 8


def queue(number: int, url: str) -> dict[str, Any]:
    name = f"queue-{number}"
    redis = {"layout": "List", "url": url, "processingKey": f"{name}:doing"}
    return _object(meta.QUEUE.kind, name, {"broker": {"redis": redis}})


def pool(number: int, replicas: int) -> dict[str, Any]:
    scaling = {"minReplicas": replicas, "maxReplicas": max(1, replicas)}
    spec = {"queues": [{"name": f"queue-{number}"}], "image": "registry.example.com/worker:1", "scaling": scaling}
    return _object(meta.WORKER_POOL.kind, f"pool-{number}", spec)


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": meta.API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


async def create(client: Client, count: int, url: str, replicas: int) -> None:
    """Queue and pool number 0 to `count`, some at a time."""
    numbers = iter(range(count))
    await asyncio.gather(*(_create_some(client, numbers, url, replicas) for _ in range(CREATORS)))


async def _create_some(client: Client, numbers: Iterator[int], url: str, replicas: int) -> None:
    for number in numbers:
        await client.create(RESOURCES[meta.QUEUE.kind], queue(number, url))
        await client.create(RESOURCES[meta.WORKER_POOL.kind], pool(number, replicas))


async def move_jobs(url: str, count: int, seconds: float, part: float) -> None:
    """Each second a job comes or goes in this part of the queues, so that their pools have to decide anew."""
    rng, held = random.Random(1), [0] * count  # noqa: S311 - chance that can be repeated
    loop = asyncio.get_running_loop()
    async with Redis.from_url(url) as redis:
        began = loop.time()
        for second in range(int(seconds)):
            async with redis.pipeline(transaction=False) as pipe:
                for number in rng.sample(range(count), max(1, int(count * part))):
                    comes = held[number] == 0 or rng.random() < 0.5
                    held[number] += 1 if comes else -1
                    key = f"queue-{number}"
                    pipe.lpush(key, json.dumps({"id": "1"})) if comes else pipe.rpop(key)
                await pipe.execute()
            await asyncio.sleep(max(0.0, began + second + 1 - loop.time()))
