"""A cluster small enough to try thousands of fates on: a Deployment, its ReplicaSet, kubelets, workers and a broker.

What the API server says lags behind what is true, as in a real cluster: the kubelet reports late, the worker learns of
a request late, records are a second old. A pod with a running job that gets a deletion is written into `kills`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from reconciler.brokers.observation import Observation
from reconciler.plans.child import PENDING, RUNNING
from reconciler.plans.removal import STARTING_SECONDS

REPORT_SECONDS = 2.0
"""The kubelet's longest lag; the plan counts on one below STARTING_SECONDS."""
assert REPORT_SECONDS < STARTING_SECONDS

BROKER_AHEAD = 7000.0
"""The broker's clock has nothing to do with ours."""


@dataclass
class Simulated:
    """One pod: what the API server stores, what is true on its node, and the worker in it."""

    name: str
    created: float
    version: int = 1
    uid: str = ""
    ordinal: int = 0
    revision: int = 0
    request: tuple[str, float] | None = None
    bound: str | None = None
    cost: int = 0
    forced: bool = False
    terminating: bool = False
    scheduled: bool = False
    reported: str = ""
    reported_running: bool = False
    ready: bool = False
    real: str = ""
    starts: int = 0
    unready: bool = False
    file: tuple[str, float] | None = None
    latched: bool = False
    jobs: int = 0
    synced: float = 0.0
    heard: float = 0.0

    def __post_init__(self) -> None:
        self.uid = self.uid or self.name

    @property
    def rank(self) -> tuple[bool, int, bool, int]:
        phase = RUNNING if self.reported else PENDING
        return (self.scheduled, phase, self.ready, self.cost)

    @property
    def instance(self) -> str:
        return f"{self.name}.{self.uid}-{self.starts}"


@dataclass(frozen=True)
class Kill:
    """A busy pod that was deleted, and whether it was chosen by name or by the ReplicaSet."""

    pod: str
    at: float
    by_name: bool
    ready: bool


@dataclass
class Refused(Exception):  # noqa: N818 - it is the API server's answer
    why: str


@dataclass
class World:
    """`guarded` puts the delete guard into the API server. With `flips` pods turn unready also while a removal
    is between its mark and its end. In a `steady` one they never do."""

    rng: Random
    guarded: bool = False
    flips: bool = False
    steady: bool = False
    restarts: float = 0.02
    now: float = 1_000_000.0
    replicas: int = 0
    version: int = 1
    generation: int = 1
    observed: int = 1
    wanted: int = 0
    pods: dict[str, Simulated] = field(default_factory=dict)
    records: dict[str, bytes] = field(default_factory=dict)
    kills: list[Kill] = field(default_factory=list)
    removed: int = 0
    births: int = 0

    @property
    def active(self) -> list[Simulated]:
        return [pod for pod in self.pods.values() if not pod.terminating]

    @property
    def quiet(self) -> bool:
        """Whether no removal is between its mark and its end."""
        marked = any(pod.cost for pod in self.active)
        return not marked and self.observed == self.generation and len(self.active) <= self.wanted

    @property
    def broker_time(self) -> float:
        return self.now + BROKER_AHEAD

    def observe(self) -> Observation:
        return Observation(time=self.broker_time, records=dict(self.records))

    def tick(self) -> None:
        """Some time passes and one thing happens somewhere."""
        self.now += self.rng.choice((0.01, 0.05, 0.3))
        self.rng.choice((self._deployment, self._replica_set, self._some_kubelet, self._some_worker))()
        for pod in list(self.pods.values()):
            if self.now - pod.synced > REPORT_SECONDS:
                self._kubelet(pod)
            if self.now - pod.heard > 1.0:
                self._worker(pod)

    def call(self) -> None:
        """Somebody else asks a worker to drain."""
        if self.active:
            pod = self.rng.choice(self.active)
            pod.request = pod.request or ("User", self.now)
            pod.version += 1

    def scale(self, before: int, after: int, version: int | None) -> None:
        if self.replicas != before or (version is not None and version != self.version):
            raise Refused("a test failed")
        self.replicas = after
        self.generation += 1
        self.version += 1

    def patch(self, name: str, version: int, **fields: Any) -> None:
        pod = self.pods.get(name)
        if pod is None or pod.version != version:
            raise Refused("conflict")
        for key, value in fields.items():
            setattr(pod, key, value)
        pod.version += 1

    def delete(self, name: str, version: int | None = None) -> None:
        pod = self.pods.get(name)
        if pod is None or (version is not None and pod.version != version):
            raise Refused("conflict")
        if pod.terminating:
            return
        if self.guarded and pod.reported_running and pod.bound != pod.reported:
            raise Refused("the guard")
        if pod.jobs and not pod.forced:
            self.kills.append(Kill(pod.name, round(self.now, 2), version is not None, pod.ready))
        pod.terminating = True
        pod.version += 1
        self.removed += 1

    def _deployment(self) -> None:
        if self.observed != self.generation:
            self.wanted, self.observed = self.replicas, self.generation
            self.version += 1

    def _replica_set(self) -> None:
        missing = self.wanted - len(self.active)
        for _ in range(missing):
            self.births += 1
            self.pods[f"p{self.births}"] = Simulated(f"p{self.births}", self.now, synced=self.now, heard=self.now)
        if missing < 0:
            tied = sorted(self.active, key=lambda pod: (*pod.rank, self.rng.random()))
            for pod in tied[:-missing]:
                try:
                    self.delete(pod.name)
                except Refused:
                    return

    def _some_kubelet(self) -> None:
        if self.pods:
            self._kubelet(self.rng.choice(list(self.pods.values())))

    def _some_worker(self) -> None:
        if self.pods:
            self._worker(self.rng.choice(list(self.pods.values())))

    def _kubelet(self, pod: Simulated) -> None:
        pod.synced = self.now
        if pod.terminating:
            # The worker gets SIGTERM, and time for what it runs.
            del self.pods[pod.name]
            self.records = {name: text for name, text in self.records.items() if name.partition(".")[0] != pod.name}
            return
        if not pod.scheduled:
            pod.scheduled = True
        elif not pod.real or self.rng.random() < self.restarts:
            self._start(pod)
        else:
            self._report(pod)
            return
        pod.version += 1

    def _start(self, pod: Simulated) -> None:
        """A container starts; one that ran before is gone, and its job with it."""
        pod.starts += 1
        pod.real = f"{pod.uid}-c{pod.starts}"
        pod.file = pod.request
        pod.latched, pod.jobs = pod.file is not None, 0

    def _report(self, pod: Simulated) -> None:
        pod.file = pod.request
        restless = self.flips or (self.quiet and not self.steady)
        if self.rng.random() < (0.5 if pod.unready else 0.03) and (pod.unready or restless):
            pod.unready = not pod.unready
        seen = (pod.real, True, not pod.unready)
        if seen != (pod.reported, pod.reported_running, pod.ready):
            pod.reported, pod.reported_running, pod.ready = seen
            pod.version += 1

    def _worker(self, pod: Simulated) -> None:
        pod.heard = self.now
        if not pod.real or pod.terminating:
            return
        pod.latched = pod.file is not None
        if pod.jobs and self.rng.random() < 0.3:
            pod.jobs = 0
        elif not pod.latched and self.rng.random() < 0.6:
            pod.jobs = 1
        self.records[pod.instance] = self._record(pod)

    def _record(self, pod: Simulated) -> bytes:
        idle = pod.latched and not pod.jobs
        state = "Drained" if idle else "Draining" if pod.latched else "Running"
        fields = {"instance": pod.instance, "pod": pod.name, "podUID": pod.uid, "time": self.broker_time}
        counts = {"fetching": int(not pod.latched), "running": pod.jobs, "held": 0, "started": 1, "completed": 0}
        return json.dumps({**fields, **counts, "state": state, "configGeneration": "g"}).encode()
