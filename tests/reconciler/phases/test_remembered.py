"""What a pool's pass does not do again: after a start, while nothing has changed, and while others still work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from crds import meta
from kube.client import Client, Listing
from kube.resources import Resource
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.records import parse_all
from reconciler.brokers.sight import seen
from reconciler.children.names import APPLIED
from reconciler.conditions import GUARANTEE
from reconciler.observations import QueueName
from reconciler.phases.pool import PoolState
from reconciler.phases.pool.drain import drain
from reconciler.phases.pool.guard import guard
from reconciler.phases.pool.look import look, look_anew
from reconciler.phases.pool.own import configure
from reconciler.phases.pool.resolve import resolve
from reconciler.phases.pool.state import begin
from reconciler.plans.decision import BoundBy, ReplicaDecision
from tests.reconciler.brokers.records import record
from tests.reconciler.builders import metadata, pool, queue
from tests.reconciler.phases.worlds import START, World

NAME = QueueName("shop", "orders")
NOW = START.timestamp()


@dataclass
class Api:
    """In place of the API server: writes down what it is asked, and lists what it holds."""

    store: Any
    asked: list[str] = field(default_factory=list)

    async def list(self, resource: Resource, namespace: str, selector: str) -> Listing:
        self.asked.append(f"list {resource.plural}")
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
    """A pool of one queue and its Deployment; `observe` answers what is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.api = Api(self.ctx.store)
        self.ctx.client = cast("Client", self.api)
        self.ctx.brokers = self
        self.queue, self.pool = queue("orders"), pool("p", "orders")
        self.records: dict[str, bytes] = {}
        for obj in (self.queue, self.pool):
            self.ctx.store.put(obj)
        self.observed()

    async def observe(self, *_: Any) -> Observation:
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
        self.ctx.store.put(
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
        self.ctx.store.put(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": metadata(name, labels=labels, annotations=annotations),
                "spec": {"nodeName": "n"},
                "status": {"phase": "Running", "conditions": [ready], "containerStatuses": [running]},
            }
        )

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


@pytest.fixture
async def one() -> OnePool:
    return OnePool()


APPLIES = ["apply configmaps", "apply poddisruptionbudgets"]


async def test_what_is_applied_is_noted_on_the_deployment_and_not_applied_again(one: OnePool) -> None:
    await one.child()
    assert await one.configured() == [*APPLIES, "patch deployments"]
    assert await one.configured() == []


async def test_after_a_restart_nothing_is_applied_that_was(one: OnePool) -> None:
    await one.child()
    await one.configured()
    one.ctx.pools.clear()
    assert await one.configured() == []
    memory = one.ctx.pools["uid-p"]
    assert memory.generation, "workers' acknowledgements are compared with it"
    assert -one.ctx.settings.resync <= memory.applied_at <= 0


async def test_a_note_of_something_else_is_no_reason_not_to_apply(one: OnePool) -> None:
    await one.child(applied="other")
    assert await one.configured() == [*APPLIES, "patch deployments"]


async def test_after_a_resync_it_is_applied_again_and_the_note_stays(one: OnePool) -> None:
    await one.child()
    await one.configured()
    one.now += one.ctx.settings.resync + 1
    assert await one.configured() == APPLIES


async def test_another_spec_is_worked_out_anew(one: OnePool) -> None:
    before = await one.state()
    assert (await one.state()).resolved is before.resolved
    spec = {**one.pool["spec"], "image": "registry.example.com/worker:2"}
    one.pool = {**one.pool, "metadata": {**one.pool["metadata"], "generation": 2}, "spec": spec}
    assert (await one.state()).revision != before.revision


async def test_another_queue_spec_is_worked_out_anew(one: OnePool) -> None:
    await one.child()
    await one.configured()
    changed = queue("orders", generation=2)
    changed["spec"] |= {"paused": True}
    one.ctx.store.put(changed)
    assert await one.configured() == [*APPLIES, "patch deployments"]


async def test_a_guard_that_held_before_the_restart_is_not_tried_at_once(one: OnePool) -> None:
    await one.child(1)
    await one.pod("p-1")
    one.pool["status"] = {"conditions": [{"type": GUARANTEE.name, "status": "True", "reason": "Enforced"}]}
    state = await one.state()
    await guard(state, one.ctx)
    assert one.api.asked == []
    said = state.conditions.get(GUARANTEE)
    assert said is not None
    assert said.reason == "Enforced"


async def test_a_pool_that_grows_is_grown_without_a_look(one: OnePool) -> None:
    await one.child(1)
    await one.pod("p-1")
    assert await one.drained(3) == ["scale deployments"]
    assert await one.drained(3) == [], "its pods are on their way, and the watch tells of them"


async def test_a_pool_that_is_to_shrink_is_looked_at_anew(one: OnePool) -> None:
    await one.child(1)
    await one.pod("p-1")
    assert (await one.drained(0))[:2] == ["list deployments", "list pods"]


REQUESTED = {meta.ANNOTATION_DRAIN: f"ScaleDown/{START:%Y-%m-%dT%H:%M:%SZ}"}


async def leaving(one: OnePool, state: str, running: int) -> None:
    """A pod that was asked, and seen since, and says this."""
    await one.child(1)
    await one.pod("p-1", **REQUESTED)
    one.records = {"p-1.0a": record("p-1.0a", podUID="uid-p-1", time=NOW - 1, running=1)}
    await look_anew(await one.state(), one.ctx)
    one.records = {"p-1.0a": record("p-1.0a", podUID="uid-p-1", time=NOW + 1, state=state, running=running)}


async def test_while_a_worker_finishes_its_job_the_api_server_is_left_alone(one: OnePool) -> None:
    await leaving(one, "Draining", 1)
    assert await one.drained(0) == []


async def test_a_worker_that_has_finished_is_looked_at_anew_before_it_is_marked(one: OnePool) -> None:
    await leaving(one, "Drained", 0)
    asked = await one.drained(0)
    assert asked[:2] == ["list deployments", "list pods"]
    assert asked[-1] == "patch pods"


async def test_one_that_was_not_seen_since_it_was_asked_is_looked_at_anew(one: OnePool) -> None:
    await leaving(one, "Draining", 1)
    one.ctx.pools.clear()
    assert await one.drained(0) == ["list deployments", "list pods", "try a delete"]


async def test_load_that_comes_back_is_looked_at_anew(one: OnePool) -> None:
    await leaving(one, "Draining", 1)
    assert (await one.drained(1))[:2] == ["list deployments", "list pods"]


async def test_one_of_whom_no_broker_tells_is_looked_at_anew(one: OnePool) -> None:
    await leaving(one, "Draining", 1)
    one.records = {}
    assert (await one.drained(0))[:2] == ["list deployments", "list pods"]
