"""The reconciler's own memory of pools under one budget: a store, a snapshot, observations, and clocks that are moved.

What a budget is asked and told here goes through `reconciler.phases.pool.entitle` and `reconciler.budgets`, as in the
process; nothing of them is written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final, cast

from crds import meta
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.records import Record, Records, State
from reconciler.brokers.sight import Sight
from reconciler.budgets import Budgets
from reconciler.context import Context
from reconciler.keys import Key
from reconciler.metrics import Metrics
from reconciler.observations import QueueName, Sighting
from reconciler.settings import Settings
from reconciler.workqueue import WorkQueue
from reconciler.world import World

Object = dict[str, Any]
BEGIN: Final = datetime(2027, 1, 15, 8, tzinfo=UTC)
NAMESPACES: Final = ("team-a", "team-b")


class Stage:
    """`woken` are the pools that somebody else's pass gives a reason to look again."""

    def __init__(self, rng: Random, budget: int, min_runtime: int, *, preempts: bool, cluster: bool) -> None:
        self.now = 0.0
        self.woken: set[Key] = set()
        self.told = Told()
        self._versions = count(1)
        self.ctx = Context(
            client=cast("Any", None),
            world=World(WorkQueue()),
            observations=cast("Any", self.told),
            settings=Settings(),
            metrics=Metrics(),
            events=cast("Any", None),
            clock=self.clock,
            monotonic=lambda: self.now,
            rng=rng,
            wake=self.woken.add,
        )
        self.namespaces = NAMESPACES if cluster else NAMESPACES[:1]
        spec = {"maxReplicas": budget, "preemption": "LowerPriority" if preempts else "Never"}
        self._policy(spec | {"minRuntime": f"{min_runtime}s"}, cluster=cluster)

    def _policy(self, budget: Mapping[str, Any], *, cluster: bool) -> None:
        kind = meta.CLUSTER_POLICY.kind if cluster else meta.POLICY.kind
        match: Object = {"namespaceSelector": {}} if cluster else {}
        spec = {"action": "Deny", "match": match, "budget": budget}
        policy = self._object(kind, "budget", "" if cluster else NAMESPACES[0])
        self.ctx.snapshot.put(kind, policy | {"spec": spec})

    def clock(self) -> datetime:
        return BEGIN + timedelta(seconds=self.now)

    def time(self, second: float) -> str:
        return (BEGIN + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def restart(self) -> None:
        """What is only in memory is gone."""
        self.ctx.budgets = Budgets()

    def pool(self, name: str, namespace: str, priority: int) -> Object:
        spec = {"queues": [{"name": name}], "priority": priority, "scaling": {"maxReplicas": 1000, "minReplicas": 0}}
        return self.put(self._object(meta.WORKER_POOL.kind, name, namespace) | {"spec": spec})

    def deployment(self, pool: Object, revision: str) -> Object:
        labels = _labels(pool) | {meta.LABEL_REVISION: revision}
        made = self._object("Deployment", f"{pool['metadata']['name']}-{revision}", pool["metadata"]["namespace"])
        return self.put({**made, "metadata": made["metadata"] | {"labels": labels}, "spec": {"replicas": 0}})

    def pod(self, pool: Object, name: str) -> Object:
        made = self._object("Pod", name, pool["metadata"]["namespace"])
        return self.put({**made, "metadata": made["metadata"] | {"labels": _labels(pool)}})

    def put(self, obj: Object) -> Object:
        """A later state of an object."""
        later = {**obj, "metadata": obj["metadata"] | {"resourceVersion": str(next(self._versions))}}
        self.ctx.world.store.put(later)
        return later

    def _object(self, kind: str, name: str, namespace: str) -> Object:
        born = {"uid": name, "generation": 1, "creationTimestamp": self.time(self.now)}
        metadata = {"name": name, "namespace": namespace, "resourceVersion": str(next(self._versions)), **born}
        return {"apiVersion": meta.API_VERSION, "kind": kind, "metadata": metadata}


def _labels(pool: Object) -> dict[str, str]:
    return {meta.LABEL_POOL_UID: pool["metadata"]["uid"]}


class Told:
    """What the workers of each pool say now, in place of readings that were made a moment ago."""

    def __init__(self) -> None:
        self.of: dict[QueueName, Any] = {}

    def latest(self, queue: QueueName) -> Sighting[Sight]:
        records = {name: _record(name, jobs) for name, jobs in self.of[queue]()}
        reading = Observation(0.0, exact(0), exact(0), exact(0), exact(0), workers=Records(records, {}, 0))
        return Sighting(Sight(observation=reading, read_at=0.0), 0.0)


def _record(pod: str, running: int) -> Record:
    counts = (0, running, 0, 0, 0, 0, 0.0, 0.0, 0.0)
    return Record(f"{pod}.1", pod, pod, 0.0, State.RUNNING, *counts, config_generation="")


Jobs = Iterable[tuple[str, int]]
"""Of each pod, how many jobs it runs."""
