"""What comes to light in the answer to a write of ours: on a real API server, and in a world without watches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from crds import meta
from kube.client import Client
from kube.errors import Conflict, Invalid
from kube.resources import DEPLOYMENTS, PODS, Resource
from reconciler.edits import edit, merge
from reconciler.keys import Key, key_of
from reconciler.phases import State
from reconciler.phases.ending import let_go_of
from reconciler.phases.glass import glass, keep
from reconciler.phases.pool.own import hold as hold_pool
from reconciler.phases.pool.state import begin as begin_pool
from reconciler.phases.queue.release import hold as hold_queue
from reconciler.phases.queue.state import begin as begin_queue
from reconciler.plans.glass import Known
from reconciler.status import RESOURCES, StatusWriter
from reconciler.trimming import trim
from tests.reconciler.builders import applied, pod, pool, queue
from tests.reconciler.phases.worlds import START, World
from tests.waiting import eventually

Object = dict[str, Any]
OVER = {meta.ANNOTATION_BREAK_GLASS: "2027-01-15T07:00:00Z the database is down"}
POOL, QUEUE = RESOURCES["WorkerPool"], RESOURCES["Queue"]
PAUSED: Object = {"spec": {"paused": True}}
LABELLED: Object = {"metadata": {"labels": {"example.com/team": "media"}}}


@dataclass(frozen=True, slots=True)
class Writer:
    """`made` is written to by `write`, while a user makes the edit `beside`."""

    resource: Resource
    made: Object
    write: Callable[[World, Object], Awaitable[object]]
    beside: Object


async def _status(world: World, obj: Object) -> None:
    await StatusWriter(world.ctx.client, world.ctx.monotonic, world.ctx.world.answered).write(obj, {"replicas": 1})


async def _glass(world: World, obj: Object) -> None:
    await glass(State(obj=obj, now=START), world.ctx)


async def _glass_of_a_worker(world: World, obj: Object) -> None:
    await keep(State(obj=obj, now=START), world.ctx, obj, Known())


async def _let_go(world: World, obj: Object) -> None:
    await let_go_of(world.ctx, obj["kind"], obj)


async def _annotate(world: World, obj: Object) -> None:
    await merge(world.ctx, obj, {"metadata": {"annotations": {meta.ANNOTATION_NO_RESIZE: "r"}}})


async def _scale(world: World, obj: Object) -> None:
    await edit(world.ctx, obj, ({"op": "replace", "path": "/spec/replicas", "value": 3},))


def with_metadata(obj: Object, **metadata: Any) -> Object:
    return {**obj, "metadata": {**obj["metadata"], **metadata}}


def worker() -> Object:
    containers = [{"name": "worker", "image": "registry.example.com/worker:1"}]
    made = with_metadata(pod("p-1", pool("p")), annotations=OVER)
    return {
        **made,
        "spec": {"containers": containers, "automountServiceAccountToken": False, "schedulerName": "nobody"},
    }


def deployment() -> Object:
    template = {"metadata": {"labels": {"app": "w"}}, "spec": worker()["spec"]}
    spec = {"replicas": 0, "paused": True, "selector": {"matchLabels": {"app": "w"}}, "template": template}
    return {**worker(), "apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}


HELD = [meta.DRAIN_FINALIZER]
WRITERS: dict[str, Writer] = {
    "the status": Writer(POOL, pool("p"), _status, PAUSED),
    "break-glass that is over, on a pool": Writer(POOL, with_metadata(pool("p"), annotations=OVER), _glass, PAUSED),
    "break-glass that is over, on a queue": Writer(QUEUE, with_metadata(queue("q"), annotations=OVER), _glass, PAUSED),
    "break-glass that is over, on a worker": Writer(PODS, worker(), _glass_of_a_worker, LABELLED),
    "the finalizer, taken off a queue": Writer(QUEUE, with_metadata(queue("q"), finalizers=HELD), _let_go, PAUSED),
    "an annotation of a child": Writer(DEPLOYMENTS, deployment(), _annotate, LABELLED),
    "the replicas of a child": Writer(DEPLOYMENTS, deployment(), _scale, LABELLED),
}


class Seen(World):
    """It has seen the objects as they were made, and nothing since; `worked_off` are the keys it was woken for."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.ctx.client = client

    async def made(self, resource: Resource, obj: Object, namespace: str) -> Object:
        whole = with_metadata(applied(obj, namespace), finalizers=obj["metadata"].get("finalizers", []))
        stored = await self.ctx.client.create(resource, whole)
        settled = await eventually(
            "its controller has done its part", lambda: self._read(resource, stored), _is_settled
        )
        self.ctx.world.seen("put", settled)
        self.worked_off()
        return settled

    async def _read(self, resource: Resource, obj: Object) -> Object:
        return await self.ctx.client.get(resource, obj["metadata"]["name"], obj["metadata"]["namespace"])

    def held(self, obj: Object) -> Object:
        found = self.ctx.store.get(key_of(obj))
        assert found is not None
        return found

    def worked_off(self) -> set[Key]:
        found: set[Key] = set()
        agenda = self.ctx.world.queue.agenda
        while (taken := agenda.take(float("inf"))) is not None:
            found.add(taken[0])
            agenda.done(taken[0])
        return found


@pytest.fixture
def seen(client: Client) -> Seen:
    return Seen(client)


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
async def test_an_edit_that_comes_with_the_answer_is_followed(seen: Seen, namespace: str, writer: Writer) -> None:
    obj = await seen.made(writer.resource, writer.made, namespace)
    await seen.ctx.client.merge_patch(writer.resource, obj["metadata"]["name"], namespace, writer.beside)
    await writer.write(seen, obj)
    assert _has(seen.held(obj), writer.beside), "it is known"
    want = key_of(obj) if writer.resource in (POOL, QUEUE) else Key("WorkerPool", namespace, "p")
    assert seen.worked_off() == {want}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
async def test_what_is_ours_alone_wakes_nobody(seen: Seen, namespace: str, writer: Writer) -> None:
    obj = await seen.made(writer.resource, writer.made, namespace)
    await writer.write(seen, obj)
    assert seen.held(obj)["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]
    assert seen.worked_off() == set()


async def test_a_finalizer_is_not_written_past_an_edit(seen: Seen, namespace: str) -> None:
    """What is written on one version alone brings nothing but itself."""
    draining = queue("q")
    draining["spec"] |= {"deletionPolicy": "Drain"}
    for resource, made in ((POOL, pool("p")), (QUEUE, draining)):
        obj = await seen.made(resource, made, namespace)
        await seen.ctx.client.merge_patch(resource, obj["metadata"]["name"], namespace, LABELLED)
        with pytest.raises(Conflict):
            await _hold(seen, obj)
        assert seen.worked_off() == set()
        current = await seen.ctx.client.get(resource, obj["metadata"]["name"], namespace)
        seen.ctx.world.seen("put", current)
        seen.worked_off()
        await _hold(seen, current)
        assert seen.held(obj)["metadata"]["finalizers"] == HELD
        assert seen.worked_off() == set()


async def test_what_the_write_has_ended_is_left_to_the_watch(seen: Seen, namespace: str) -> None:
    obj = await seen.made(QUEUE, with_metadata(queue("q"), finalizers=HELD), namespace)
    await seen.ctx.client.delete(QUEUE, "q", namespace)
    deleted = await seen.ctx.client.get(QUEUE, "q", namespace)
    seen.ctx.world.seen("put", deleted)
    await let_go_of(seen.ctx, "Queue", deleted)
    assert seen.held(obj) == trim(deleted)


async def test_a_successor_is_not_written_to(seen: Seen, namespace: str) -> None:
    former = await seen.made(POOL, pool("p"), namespace)
    await seen.ctx.client.delete(POOL, "p", namespace)
    await seen.ctx.client.create(POOL, applied(pool("p"), namespace))
    with pytest.raises((Conflict, Invalid)):
        await _annotate(seen, former)


def _has(obj: Any, part: Any) -> bool:
    if not isinstance(part, dict):
        return bool(obj == part)
    return all(field in obj and _has(obj[field], value) for field, value in part.items())


def _is_settled(obj: Object) -> bool:
    if obj["kind"] != "Deployment":
        return True
    status = obj.get("status") or {}
    said = {condition["type"] for condition in status.get("conditions") or ()}
    return status.get("observedGeneration") == obj["metadata"]["generation"] and said == {"Available", "Progressing"}


async def _hold(seen: Seen, obj: Object) -> None:
    if obj["kind"] == "Queue":
        await hold_queue(begin_queue(obj, seen.ctx), seen.ctx)
    else:
        await hold_pool(begin_pool(obj, seen.ctx), seen.ctx)
