"""A played kubelet with played workers, for an API server that has controllers and no node.

Pods are bound, started and ended through the API; their workers take jobs from a real Redis list, keep the drain
contract and write status records. What really happened is in `Played`: a job that ran when its pod was deleted is a
kill.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import redis

from crds import meta
from kube import config
from kube.client import Client
from kube.errors import Conflict, NotFound
from kube.resources import NODES, PODS

TICK_SECONDS: Final = 0.1
RECORD_SECONDS: Final = 0.5
ROOM: Final = {"cpu": "64", "memory": "256Gi", "pods": "500"}
"""The API server refuses to resize a pod beyond what its node has."""
HEARTBEAT_SECONDS: Final = 10.0
"""A node that is silent for 40 s is taken for lost, and the pods of one that does not exist are collected after as
long: busy or not."""


@dataclass
class Worker:
    """One started pod and the process in it."""

    pod: str
    uid: str
    latched: bool = False
    job_ends: float | None = None
    completed: int = 0
    written: float = float("-inf")

    @property
    def busy(self) -> bool:
        return self.job_ends is not None


@dataclass
class Habits:
    """How the workers of a pool behave; a test may change it at any time. Seconds."""

    shortest_job: float = 0.2
    longest_job: float = 1.5
    silent: bool = False
    gives_back: bool = False
    """Whether a worker that is cut off puts its job back into the queue."""
    address: str = ""
    """Of every pod, where it has one."""
    broken_images: frozenset[str] = frozenset()


@dataclass
class Played:
    """`most` is the highest number of pods seen at once, terminating ones included, by pool; `most_together` of all."""

    kubeconfig: Path
    namespace: str
    broker: redis.Redis
    rng: Random = field(default_factory=lambda: Random(7))
    habits: Habits = field(default_factory=Habits)
    workers: dict[str, Worker] = field(default_factory=dict)
    kills: list[str] = field(default_factory=list)
    graces: list[int] = field(default_factory=list)
    """The grace periods, in seconds, of the pods that were told to end."""
    ended: int = 0
    most: dict[str, int] = field(default_factory=dict)
    most_together: int = 0
    fault: BaseException | None = None

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._node = f"played-{self.namespace}"
        self._began = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._thread = threading.Thread(target=self._main, name="played node")

    def __enter__(self) -> Played:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
        assert self.fault is None, self.fault

    @property
    def jobs_done(self) -> int:
        return sum(worker.completed for worker in self.workers.values())

    @property
    def busy(self) -> int:
        return sum(worker.busy for worker in self.workers.values())

    def wait(self, seconds: float) -> None:
        """Let the workers go on for a while, where the test is about what happens meanwhile."""
        self._stop.wait(seconds)

    def _main(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:
            self.fault = error
            raise

    async def _run(self) -> None:
        async with Client(await config.load(self.kubeconfig)) as client:
            await client.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self._node}})
            try:
                await self._live(client)
            finally:
                await client.delete(NODES, self._node)

    async def _live(self, client: Client) -> None:
        beaten = float("-inf")
        while not self._stop.is_set():
            if time.monotonic() - beaten > HEARTBEAT_SECONDS:
                await self._beat(client)
                beaten = time.monotonic()
            pods = (await client.list(PODS, self.namespace)).items
            self._count(pods)
            for pod in pods:
                try:
                    await self._play(client, pod)
                except (Conflict, NotFound):
                    continue
            await asyncio.sleep(TICK_SECONDS)

    async def _beat(self, client: Client) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ready = {"type": "Ready", "status": "True", "reason": "Played", "lastHeartbeatTime": now}
        status = {"conditions": [{**ready, "lastTransitionTime": self._began}], "capacity": ROOM, "allocatable": ROOM}
        await client.merge_patch(NODES, self._node, None, {"status": status}, subresource="status")

    def _count(self, pods: tuple[dict[str, Any], ...]) -> None:
        self.most_together = max(len(pods), self.most_together)
        names = [pod["metadata"]["labels"].get(meta.LABEL_POOL, "") for pod in pods]
        for name in set(names):
            here = names.count(name)
            self.most[name] = max(here, self.most.get(name, 0))

    async def _play(self, client: Client, pod: dict[str, Any]) -> None:
        metadata = pod["metadata"]
        worker = self.workers.get(metadata["uid"])
        if "deletionTimestamp" in metadata:
            await self._end(client, metadata, worker)
        elif not pod["spec"].get("nodeName"):
            await _bind(client, metadata, self._node)
        elif worker is None:
            if pod["spec"]["containers"][0]["image"] not in self.habits.broken_images:
                await self._start(client, metadata)
        else:
            self._work(worker, metadata)

    async def _start(self, client: Client, metadata: Mapping[str, Any]) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        state = {"running": {"startedAt": now}}
        # The API server resizes only what says that its node can: its status has resources.
        started = {
            "name": "worker",
            "resources": {},
            "image": "i",
            "imageID": "i",
            "ready": True,
            "started": True,
            "restartCount": 0,
        }
        ready = [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in ("Ready", "ContainersReady")]
        status = {
            "phase": "Running",
            **({"podIP": self.habits.address, "podIPs": [{"ip": self.habits.address}]} if self.habits.address else {}),
            "conditions": ready,
            "containerStatuses": [{**started, "state": state, "containerID": f"containerd://{metadata['uid']}"}],
        }
        await client.merge_patch(PODS, metadata["name"], self.namespace, {"status": status}, subresource="status")
        self.workers[metadata["uid"]] = Worker(metadata["name"], metadata["uid"], latched=_asked(metadata))

    async def _end(self, client: Client, metadata: Mapping[str, Any], worker: Worker | None) -> None:
        mark = metadata["labels"].get(meta.LABEL_DRAINED)
        if worker is not None and worker.busy and mark == "warm-stop":
            # It ends its job after SIGTERM, within its grace period.
            worker.latched = True
            self._work(worker, {**metadata, "annotations": {meta.ANNOTATION_DRAIN: "SIGTERM"}})
            return
        self.graces.append(metadata["deletionGracePeriodSeconds"])
        if worker is not None and worker.busy and mark == "timeout" and self.habits.gives_back:
            self.broker.lmove(f"doing:{worker.pod}.00000001", "orders", "LEFT", "RIGHT")
        if worker is not None and worker.busy and mark != "timeout":
            self.kills.append(f"{worker.pod}: {metadata['labels']} {metadata.get('annotations')}")
        if worker is not None and not self.habits.silent:
            self.broker.hdel("orders:workers", f"{worker.pod}.00000001")
            worker.job_ends = None
        self.ended += 1
        await client.delete(PODS, metadata["name"], self.namespace, grace_seconds=0)

    def _work(self, worker: Worker, metadata: Mapping[str, Any]) -> None:
        now = time.monotonic()
        was = (worker.latched, worker.busy)
        worker.latched = _asked(metadata)
        if worker.job_ends is not None and now >= worker.job_ends:
            worker.job_ends, worker.completed = None, worker.completed + 1
            self.broker.lpop(f"doing:{worker.pod}.00000001")
        if not worker.busy and not worker.latched and self.broker.rpoplpush("orders", f"doing:{worker.pod}.00000001"):
            worker.job_ends = now + self.rng.uniform(self.habits.shortest_job, self.habits.longest_job)
        if now - worker.written >= RECORD_SECONDS or was != (worker.latched, worker.busy):
            self._tell(worker, now)

    def _tell(self, worker: Worker, now: float) -> None:
        if self.habits.silent:
            return
        worker.written = now
        seconds, micros = self.broker.time()
        idle = worker.latched and not worker.busy
        instance = f"{worker.pod}.00000001"
        record = {
            "instance": instance,
            "pod": worker.pod,
            "podUID": worker.uid,
            "time": seconds + micros / 1e6,
            "state": "Drained" if idle else "Draining" if worker.latched else "Running",
            "fetching": 0 if worker.latched else 1,
            "running": int(worker.busy),
            "held": 0,
            "started": worker.completed + worker.busy,
            "completed": worker.completed,
            "failed": 0,
            "inFlight": f"doing:{instance}",
        }
        self.broker.hset("orders:workers", instance, json.dumps(record))


def _asked(metadata: Mapping[str, Any]) -> bool:
    return bool((metadata.get("annotations") or {}).get(meta.ANNOTATION_DRAIN))


async def _bind(client: Client, metadata: Mapping[str, Any], node: str) -> None:
    target = {"apiVersion": "v1", "kind": "Node", "name": node}
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": metadata["name"]}, "target": target}
    await client.create(PODS, binding, metadata["namespace"], subresource="binding")
