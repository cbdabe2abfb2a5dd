"""Queues and pools in memory, with children that stand still, and an API that takes everything at once.

What is measured is the reconciler's own work: its store, its phases and its readings of a real Redis. What an API
server and its controllers add is measured by `bench.reconcile`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, cast

from bench.reconcile import world
from crds import meta
from kube.client import Client
from kube.resources import Resource
from reconciler.brokers.access import Brokers
from reconciler.brokers.connect import Limits
from reconciler.context import Context
from reconciler.events import Events
from reconciler.keys import Key
from reconciler.kinds import KINDS
from reconciler.loop import Loop
from reconciler.metrics import Metrics
from reconciler.observations import Observations
from reconciler.settings import Settings
from reconciler.status import StatusWriter
from reconciler.workqueue import WorkQueue
from reconciler.world import World

Object = dict[str, Any]
BORN = "2027-01-15T07:00:00Z"


class Api:
    """In place of a client; what is written is in the store at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._versions = count(1_000_000)
        self.writes = 0

    async def create(self, resource: Resource, obj: Mapping[str, Any]) -> Object:
        metadata = {**obj["metadata"], "uid": f"uid-{obj['metadata']['name']}", "generation": 1}
        spec = {**obj["spec"], "paused": True}
        status = {"observedGeneration": 1}
        return self._keep({**obj, "metadata": {**metadata, "creationTimestamp": BORN}, "spec": spec, "status": status})

    async def apply(self, resource: Resource, obj: Mapping[str, Any], manager: str) -> Object:
        self.writes += 1
        return dict(obj)

    async def json_patch(
        self,
        resource: Resource,
        name: str,
        namespace: str | None,
        operations: Sequence[Mapping[str, Any]],
        subresource: str = "",
        field_manager: str = "",
    ) -> Object:
        held = self._held(resource, name, namespace)
        if subresource == "status":
            return self._keep({**held, "status": operations[-1]["value"]})
        return self._keep({**held, "spec": {**held["spec"], "replicas": operations[-1]["value"]}})

    async def merge_patch(
        self, resource: Resource, name: str, namespace: str | None, patch: Mapping[str, Any], **_: str
    ) -> Object:
        held = self._held(resource, name, namespace)
        return self._keep({**held, "metadata": {**held["metadata"], **patch["metadata"]}})

    def _held(self, resource: Resource, name: str, namespace: str | None) -> Object:
        found = self._world.store.get(Key(resource.kind, namespace or "", name))
        assert found is not None
        return found

    def _keep(self, obj: Object) -> Object:
        self.writes += 1
        kept = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(next(self._versions))}}
        self._world.seen("put", kept)
        return kept


class Silent:
    """In place of the recorder of Events."""

    def record(self, *_: Any) -> None:
        """Nobody reads them."""


class Reconciler:
    """The parts of the process that work, wired as the process wires them."""

    def __init__(self, pools: int, url: str, poll: float) -> None:
        self.queue: WorkQueue[Key] = WorkQueue()
        self.world = World(self.queue)
        self.api = Api(self.world)
        settings = Settings(poll=poll)
        self.context = Context(
            client=cast("Client", self.api),
            world=self.world,
            observations=Observations(time.monotonic, self.world.wake_pools),
            settings=settings,
            metrics=Metrics(),
            events=Events(cast("Any", Silent())),
            clock=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            rng=random.Random(1),  # noqa: S311 - chance that can be repeated
            wake=self.queue.add,
            wake_after=self.queue.add_after,
        )
        self.context.brokers = Brokers(_no_secret, Limits(allow_local=True), time.monotonic, time.time)
        writer = StatusWriter(self.context.client, time.monotonic, self.world.answered, turns=self.context.turns)
        self.context.fast_at = writer.fast_at
        self.loop = Loop(self.context, self.queue, writer, KINDS)
        for obj in _objects(pools, url):
            self.world.seen("put", obj)

    async def work(self) -> None:
        await self.loop.run(self.context.settings.workers, 1.0)


def _objects(pools: int, url: str) -> Iterable[Object]:
    for number in range(pools):
        for obj in (world.queue(number, url), world.pool(number, 0)):
            own = {"uid": f"uid-{obj['metadata']['name']}", "generation": 1, "resourceVersion": "1"}
            own["creationTimestamp"] = BORN
            if obj["kind"] == meta.WORKER_POOL.kind:
                own["finalizers"] = [meta.DRAIN_FINALIZER]
            yield {**obj, "metadata": {**obj["metadata"], **own}}


async def _no_secret(namespace: str, name: str) -> Mapping[str, Any]:
    raise AssertionError("no queue of the bench has a Secret")
