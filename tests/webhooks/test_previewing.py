"""The preview of a policy: bounded in time, and never in the way of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import perf_counter

import pytest

from crds import meta
from kube.errors import Unreachable
from policies import MemorySnapshot
from tests.policies.objects import NOW, Object, policy, pool, queue
from tests.webhooks.reviews import review
from webhooks import review as protocol
from webhooks.previewing import Objects, Packed, Previewer, given

STRICT = policy(limits={"maxReplicasPerPool": 5})


def asked(new: Object, old: Object | None = None) -> protocol.Review:
    import json

    return protocol.parse(json.dumps(review(new, old)).encode())


def previewer(objects: Objects, *world: Object) -> Previewer:
    return Previewer(objects, MemorySnapshot.of(world), lambda: NOW)


async def test_what_is_stored_is_tried() -> None:
    world = [pool("a"), pool("b", metadata={"namespace": "elsewhere"})]
    told = await previewer(given(world), *world)(asked(STRICT), 4.5)
    assert told == ("1 of 1 WorkerPools would violate this policy: a (checked 1)",)


async def test_a_policy_that_does_not_change_is_not_tried_again() -> None:
    world = [pool("a")]
    relabelled = {**STRICT, "metadata": {**STRICT["metadata"], "labels": {"a": "b"}}}
    assert await previewer(given(world), *world)(asked(relabelled, STRICT), 4.5) == ()


async def test_what_was_looked_at_in_time_is_told() -> None:
    """The second page never comes; the answer does, and says how many were checked."""

    async def slow(kind: str, namespace: str | None) -> AsyncIterator[Sequence[Object]]:
        if kind == meta.WORKER_POOL.kind:
            yield [pool("a")]
            await asyncio.Event().wait()

    world = [pool(f"pool-{number}") for number in range(112)]
    told = await previewer(slow, *world)(asked(STRICT), 0.1)
    assert told == ("1 of 112 WorkerPools would violate this policy: a (checked 1)",)


async def test_a_kind_that_was_not_come_to_is_told() -> None:
    """The first page of the first kind never comes, and silence would read as good news."""

    async def stuck(kind: str, namespace: str | None) -> AsyncIterator[Sequence[Object]]:
        await asyncio.Event().wait()
        yield []

    told = await previewer(stuck, queue(), pool("a"), pool("b"))(asked(STRICT), 0.1)
    assert told == (
        "none of 1 Queues was looked at in time; headgate policy preview looks at all of them",
        "none of 2 WorkerPools was looked at in time; headgate policy preview looks at all of them",
    )


async def test_an_api_server_that_cannot_be_read_is_said() -> None:
    async def broken(kind: str, namespace: str | None) -> AsyncIterator[Sequence[Object]]:
        if kind:
            raise Unreachable("no route")
        yield []

    told = await previewer(broken)(asked(STRICT), 4.5)
    assert told == ("this policy was not tried on the stored objects: they cannot be read now",)


@pytest.mark.parametrize("count", [3000])
async def test_others_are_served_meanwhile(count: int) -> None:
    """A task beside the preview gets its turn after every slice, so many times while it runs."""
    world = [pool(f"pool-{number}") for number in range(count)]
    turns: list[float] = []

    async def beside() -> None:
        while True:
            turns.append(perf_counter())
            await asyncio.sleep(0)

    other = asyncio.create_task(beside())
    await previewer(given(world), *world)(asked(STRICT), 60.0)
    other.cancel()
    assert len(turns) > 3


async def test_objects_that_are_kept_packed_are_the_same() -> None:
    packed = Packed()
    for obj in (pool(), queue()):
        packed.add(obj)

    assert list(packed) == [pool(), queue()]
    assert [page async for page in given(packed)("Queue", None)] == [[queue()]]
