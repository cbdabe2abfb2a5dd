"""A pool of one queue and its Deployment, in a world without an API server: what its phases ask one is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from crds import meta
from kube.client import Client, Listing
from kube.errors import Forbidden
from kube.resources import EVENTS, Resource
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.records import parse_all
from reconciler.brokers.sight import seen
from reconciler.children.names import APPLIED
from reconciler.observations import QueueName
from reconciler.phases.pool import PoolState
from reconciler.phases.pool.drain import drain
from reconciler.phases.pool.look import look
from reconciler.phases.pool.own import configure
from reconciler.phases.pool.resolve import resolve
from reconciler.phases.pool.state import begin
from reconciler.plans.decision import BoundBy, ReplicaDecision
from tests.reconciler.builders import metadata, pool, queue
from tests.reconciler.phases.worlds import START, World

NAME = QueueName("shop", "orders")
NOW = START.timestamp()


@dataclass
class Api:
    """In place of the API server: writes down what it is asked, and lists what it holds."""

    store: Any
    asked: list[str] = field(default_factory=list)
    server_date: datetime | None = START

    events: tuple[dict[str, Any], ...] = ()
    """On pods, which no other answer has."""
    forbidden: bool = False
    """Whether Events may not be read."""

    async def list(self, resource: Resource, namespace: str, selector: str = "", field_selector: str = "") -> Listing:
        self.asked.append(f"list {resource.plural}")
        if resource is EVENTS and self.forbidden:
            raise Forbidden("events is forbidden")
        if resource is EVENTS:
            uid = field_selector.removeprefix("involvedObject.uid=")
            return Listing(tuple(one for one in self.events if one["involvedObject"]["uid"] == uid), "1")
        return Listing(tuple(self.store.all(resource.kind)), "1")

    async def apply(self, resource: Resource, obj: Mapping[str, Any], manager: str) -> Mapping[str, Any]:
        self.asked.append(f"apply {resource.plural}")
        return obj

    async def merge_patch(
        self, resource: Resource, name: str, namespace: str, patch: Mapping[str, Any]
    ) -> dict[str, Any]:
        self.asked.append(f"patch {resource.plural}")
        held = next(one for one in self.store.all(resource.kind) if one["metadata"]["name"] == name)
        annotations = {**(held["metadata"].get("annotations") or {}), **patch["metadata"]["annotations"]}
        return {**held, "metadata": {**held["metadata"], "annotations": annotations, **_later()}}

    async def json_patch(
        self, resource: Resource, name: str, namespace: str, operations: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        self.asked.append(f"scale {resource.plural}")
        held = next(one for one in self.store.all(resource.kind) if one["metadata"]["name"] == name)
        spec = {**held["spec"], "replicas": operations[-1]["value"]}
        return {**held, "metadata": {**held["metadata"], **_later()}, "spec": spec}

    async def delete(self, *_: Any, **options: Any) -> None:
        assert options["dry_run"]
        self.asked.append("try a delete")


def _later() -> dict[str, str]:
    return {"resourceVersion": metadata("any")["resourceVersion"]}


class OnePool(World):
    """A pool of one queue and its Deployment; `observe` answers with `records`, or fails as `failure` says."""

    def __init__(self) -> None:
        super().__init__()
        self.api = Api(self.ctx.store)
        self.ctx.client = cast("Client", self.api)
        self.ctx.brokers = self
        self.queue, self.pool = queue("orders"), pool("p", "orders")
        self.records: dict[str, bytes] = {}
        self.failure: BrokerError | None = None
        for obj in (self.queue, self.pool):
            self.ctx.world.store.put(obj)
        self.observed()

    async def observe(self, *_: Any) -> Observation:
        if self.failure is not None:
            raise self.failure
        workers = parse_all(self.records, NOW)
        return Observation(NOW, exact(0), exact(0), exact(0), exact(0), exact(0), workers=workers, records=self.records)

    def observed(self) -> None:
        observation = Observation(NOW, exact(0), exact(0), records=self.records)
        self.ctx.observations.record(NAME, seen(None, observation, self.now), wake=False)

    async def state(self) -> PoolState:
        state = begin(self.pool, self.ctx)
        await resolve(state, self.ctx)
        await look(state, self.ctx)
        return state

    async def child(self, replicas: int = 0, applied: str = "") -> None:
        revision = (await self.state()).revision
        labels = {meta.LABEL_POOL_UID: "uid-p", meta.LABEL_REVISION: revision}
        annotations = {APPLIED: applied}
        self.ctx.world.store.put(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": metadata(f"p-{revision}", labels=labels, annotations=annotations),
                "spec": {"replicas": replicas, "paused": True},
                "status": {"observedGeneration": 1},
            }
        )

    async def pod(self, name: str, **annotations: str) -> None:
        revision = (await self.state()).revision
        labels = {meta.LABEL_POOL_UID: "uid-p", meta.LABEL_REVISION: revision}
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2027-01-15T07:00:00Z"}
        running = {"name": "worker", "containerID": f"c-{name}", "state": {"running": {}}}
        self.ctx.world.store.put(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": metadata(name, labels=labels, annotations=annotations),
                "spec": {"nodeName": "n"},
                "status": {"phase": "Running", "conditions": [ready], "containerStatuses": [running]},
            }
        )

    def queue_goes(self) -> None:
        """As its own passes leave it: nothing is remembered of what was last seen of it."""
        self.ctx.world.store.remove(self.queue)
        self.ctx.observations.forget(NAME)

    async def drained(self, wanted: int) -> list[str]:
        """What the API server is asked in a pass that wants so many replicas."""
        state = await self.state()
        state.decision = ReplicaDecision(wanted, BoundBy.DEMAND)
        self.api.asked.clear()
        await drain(state, self.ctx)
        return self.api.asked

    async def configured(self) -> list[str]:
        self.api.asked.clear()
        await configure(await self.state(), self.ctx)
        return self.api.asked
