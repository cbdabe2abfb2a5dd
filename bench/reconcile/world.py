"""Queues, pools and their jobs: an API server with fake nodes, a real Redis, and somebody who moves jobs.

Pools have a wait target, so what is measured is the scaling law and not a division; whoever moves jobs also writes the
status record of the one worker that would have run them, or the law would know no service time. Pools are of a fixed
size: the workers of fake nodes never say that they have finished, so one that grew could not come back.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from crds import meta
from kube.client import Client
from reconciler.status import RESOURCES

NAMESPACE: Final = "bench"
CREATORS: Final = 8
WAIT_TARGET: Final = "10s"
SERVICE_SECONDS: Final = 2.0
EARLIER_JOBS: Final = 100
"""What each worker has done before: with fewer than five no service time is known."""


def queue(number: int, url: str) -> dict[str, Any]:
    name = f"queue-{number}"
    redis = {"layout": "List", "url": url, "processingKey": f"{name}:doing"}
    return _object(meta.QUEUE.kind, name, {"broker": {"redis": redis}})


def pool(number: int, replicas: int) -> dict[str, Any]:
    bounds = {"minReplicas": replicas, "maxReplicas": max(1, replicas)}
    scaling = {**bounds, "wait": {"target": WAIT_TARGET}}
    spec = {"queues": [{"name": f"queue-{number}"}], "image": "registry.example.com/worker:1", "scaling": scaling}
    return _object(meta.WORKER_POOL.kind, f"pool-{number}", spec)


def record(number: int, done: int, now: float) -> dict[str, Any]:
    """What the worker of a queue says once it has done `done` jobs, all of the same length."""
    seconds = done * SERVICE_SECONDS
    return {
        "instance": _instance(number),
        "pod": f"worker-{number}",
        "podUID": f"uid-{number}",
        "time": now,
        "state": "Running",
        "fetching": 1,
        "running": 0,
        "started": done,
        "completed": done,
        "busySeconds": seconds,
        "serviceSeconds": seconds,
        "serviceSecondsSq": seconds * SERVICE_SECONDS,
        "inFlight": f"queue-{number}:doing:worker-{number}",
    }


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": meta.API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


async def create(client: Client, count: int, url: str, replicas: int) -> None:
    """Queue and pool number 0 to `count`, some at a time."""
    await introduce(url, count)
    numbers = iter(range(count))
    await asyncio.gather(*(_create_some(client, numbers, url, replicas) for _ in range(CREATORS)))


async def introduce(url: str, count: int) -> None:
    """Every worker tells what it has done, before anybody looks: told later, it would all have been done just then."""
    async with Redis.from_url(url) as redis, redis.pipeline(transaction=False) as pipe:
        for number in range(count):
            _tell(pipe, number, EARLIER_JOBS)
        await pipe.execute()


async def _create_some(client: Client, numbers: Iterator[int], url: str, replicas: int) -> None:
    for number in numbers:
        await client.create(RESOURCES[meta.QUEUE.kind], queue(number, url))
        await client.create(RESOURCES[meta.WORKER_POOL.kind], pool(number, replicas))


async def move_jobs(url: str, count: int, seconds: float, part: float) -> None:
    """Each second every worker tells that it lives, and a job comes or goes in this part of the queues, so that their
    pools have to decide anew.
    """
    rng = random.Random(1)  # noqa: S311 - chance that can be repeated
    loop = asyncio.get_running_loop()
    async with Redis.from_url(url) as redis:
        held, done = await _standing(redis, count)
        began = loop.time()
        for second in range(int(seconds)):
            async with redis.pipeline(transaction=False) as pipe:
                for number in rng.sample(range(count), int(count * part)):
                    comes = held[number] == 0 or rng.random() < 0.5
                    held[number] += 1 if comes else -1
                    done[number] += not comes
                    key = f"queue-{number}"
                    pipe.lpush(key, json.dumps({"id": "1"})) if comes else pipe.rpop(key)
                for number in range(count):
                    _tell(pipe, number, done[number])
                await pipe.execute()
            await asyncio.sleep(max(0.0, began + second + 1 - loop.time()))


async def _standing(redis: Redis, count: int) -> tuple[list[int], list[int]]:
    """The jobs that each queue holds and that its worker has done."""
    async with redis.pipeline(transaction=False) as pipe:
        for number in range(count):
            pipe.llen(f"queue-{number}")
            pipe.hget(f"queue-{number}:workers", _instance(number))
        answers = await pipe.execute()
    return answers[::2], [json.loads(told)["completed"] for told in answers[1::2]]


def _tell(pipe: Pipeline, number: int, done: int) -> None:
    pipe.hset(f"queue-{number}:workers", _instance(number), json.dumps(record(number, done, time.time())))


def _instance(number: int) -> str:
    return f"worker-{number}.00000000"
