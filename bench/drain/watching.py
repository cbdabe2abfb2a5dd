"""A watch of the pods of a namespace, and a load that never lets a worker rest, each in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, Final

from redis import exceptions
from redis.asyncio import Redis

from bench.drain.figures import Life
from bench.following import follow_until
from crds import meta
from examples.load import work
from examples.load.ledger import Ledger
from examples.load.queue import Queue, QueueClient, ledger_key
from kube import config
from kube.client import Client
from kube.resources import PODS
from tests.cluster.cluster import Cluster

QUEUE: Final = Queue("jobs")
SHORT: Final = work.Work(seconds=0.4, spread=0.8)
LONG: Final = work.Work(seconds=5.0, spread=0.6)
BACKLOG: Final = 8
"""Jobs that wait at any time, so that no worker is idle by chance."""
LOOK_SECONDS: Final = 0.05


@contextlib.contextmanager
def beside(make: Any) -> Iterator[None]:
    """Runs `make(stop)`, a coroutine, in a thread until the block ends; what it raises is raised then."""
    stop = threading.Event()
    faults: list[BaseException] = []

    def run() -> None:
        try:
            work_done: Coroutine[Any, Any, None] = make(stop)
            asyncio.run(work_done)
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
    if faults:
        raise faults[0]


class Pods:
    """The lives of all pods with a label, by uid; `most` is the highest number of them at once."""

    def __init__(self, cluster: Cluster, namespace: str, selector: str) -> None:
        self._cluster, self._namespace, self._selector = cluster, namespace, selector
        self.lives: dict[str, Life] = {}
        self.most = 0

    async def watch(self, stop: threading.Event) -> None:
        async with Client(await config.load(self._cluster.kubeconfig)) as client:
            await follow_until(stop, client, PODS, self._namespace, self._seen, self._selector)

    def _seen(self, pod: Mapping[str, Any], *, gone: bool = False) -> None:
        metadata, now = pod["metadata"], time.time()
        life = self.lives.setdefault(metadata["uid"], Life(metadata["name"]))
        if meta.ANNOTATION_DRAIN in (metadata.get("annotations") or {}):
            life.asked = life.asked or now
        if gone or "deletionTimestamp" in metadata:
            life.deleted = life.deleted or now
        if gone:
            life.gone = now
        self.most = max(self.most, sum(one.gone is None for one in self.lives.values()))


class Load:
    """Short and long jobs in turns, as many as are taken."""

    def __init__(self, url: str, run: str) -> None:
        self._url, self.run = url, run

    async def feed(self, stop: threading.Event) -> None:
        kinds = [work.jobs(kind, f"{self.run}{name}", ledger_key(self.run), 1_000_000, 1) for name, kind in self._mix]
        async with Redis.from_url(self._url) as redis:
            client, jobs = QueueClient(redis, QUEUE), [next(kind) for kind in kinds]
            while not stop.is_set():
                # A broker may be away. What was sent without an answer is sent again, and taken once.
                with contextlib.suppress(exceptions.ConnectionError, exceptions.TimeoutError):
                    while int(await redis.llen(QUEUE.base)) < BACKLOG:
                        await client.enqueue(self.run, jobs)
                        jobs = [next(kind) for kind in kinds]
                await asyncio.sleep(LOOK_SECONDS)

    @property
    def _mix(self) -> list[tuple[str, work.Work]]:
        return [("a", SHORT), ("b", SHORT), ("c", SHORT), ("d", LONG)]

    def ledger(self) -> Ledger:
        async def read() -> Ledger:
            async with Redis.from_url(self._url) as redis:
                return await QueueClient(redis, QUEUE).ledger(self.run)

        return asyncio.run(read())
