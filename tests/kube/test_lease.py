"""At most one leader, and never none for longer than the lease lasts; time is the test's own, the server is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from random import Random
from typing import Any

import pytest

from kube.client import Client
from kube.errors import Unreachable
from kube.lease import Environment, LeaderElection, LeadershipLost, Times
from kube.resources import LEASES
from tests.kube.faketime import FakeTime

NAME = "headgate-reconciler"


class World:
    """Candidates of one lease with one clock."""

    def __init__(self, client: Client, namespace: str) -> None:
        self.client, self.namespace = client, namespace
        self.time = FakeTime()
        self.tasks: list[asyncio.Task[Any]] = []

    def candidate(self, identity: str) -> LeaderElection:
        environment = Environment(self.time.clock, self.time.monotonic, self.time.sleep, Random(identity))
        return LeaderElection(self.client, self.namespace, NAME, identity, environment=environment)

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self.tasks.append(asyncio.create_task(coroutine))
        return self.tasks[-1]

    async def advance(self, seconds: float) -> None:
        await self.time.advance(seconds, lambda: self.time.sleeping() >= sum(not task.done() for task in self.tasks))

    async def lease(self) -> dict[str, Any]:
        spec: dict[str, Any] = (await self.client.get(LEASES, NAME, self.namespace))["spec"]
        return spec

    async def kill(self, task: asyncio.Task[Any]) -> None:
        """What SIGKILL does: nothing is released."""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def world(client: Client, namespace: str) -> AsyncIterator[World]:
    made = World(client, namespace)
    yield made
    for task in made.tasks:
        await made.kill(task)


async def test_the_first_candidate_leads_at_once(world: World) -> None:
    one = world.candidate("one")
    await one.acquire()
    assert one.leading
    assert await world.lease() == {
        "holderIdentity": "one",
        "leaseDurationSeconds": 15,
        "acquireTime": "2026-01-01T00:00:00.000000Z",
        "renewTime": "2026-01-01T00:00:00.000000Z",
        "leaseTransitions": 0,
    }


async def test_while_the_leader_renews_nobody_else_leads(world: World) -> None:
    one, two = world.candidate("one"), world.candidate("two")
    await one.acquire()
    world.start(one.keep())
    taking = world.start(two.acquire())
    await world.advance(120)
    assert one.leading
    assert not taking.done()
    assert two.holder == "one"
    assert (await world.lease())["renewTime"] == "2026-01-01T00:02:00.000000Z"


async def test_a_killed_leader_is_replaced_within_the_lease_and_a_retry(world: World) -> None:
    one, two = world.candidate("one"), world.candidate("two")
    await one.acquire()
    keeping = world.start(one.keep())
    taking = world.start(two.acquire())
    await world.advance(20)
    await world.kill(keeping)
    killed = world.time.now
    while not taking.done():
        await world.advance(0.5)
    # Seen at the latest one retry (2 to 4.4 s) after the last renewal, which was at most 2 s before the end.
    assert 13 <= world.time.now - killed <= 15 + 4.4 + 1
    assert (await world.lease())["leaseTransitions"] == 1


async def test_a_released_lease_is_taken_at_the_next_retry(world: World) -> None:
    one, two = world.candidate("one"), world.candidate("two")
    await one.acquire()
    taking = world.start(two.acquire())
    await world.advance(1)
    await one.release()
    assert not one.leading
    await world.advance(2 * 2.2)
    assert taking.done()
    assert two.leading


async def test_releasing_what_another_holds_changes_nothing(world: World) -> None:
    one, two = world.candidate("one"), world.candidate("two")
    await one.acquire()
    world.start(two.acquire())
    await world.advance(1)
    await two.release()
    assert (await world.lease())["holderIdentity"] == "one"


class CutOff:
    """One candidate's way to the server, for as long as the block lasts."""

    def __init__(self, one: LeaderElection, patch: pytest.MonkeyPatch) -> None:
        self._one, self._patch = one, patch

    def __enter__(self) -> None:
        async def refuse() -> bool:
            raise Unreachable("cut off")

        self._patch.setattr(self._one, "_renew", refuse)

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


async def until_it_stops_acting(world: World, one: LeaderElection) -> float:
    """How long that took."""
    began = world.time.now
    while one.leading:
        await world.advance(0.5)
    return world.time.now - began


async def test_a_leader_that_cannot_renew_stops_acting_before_another_may_take_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = world.candidate("one"), world.candidate("two")
    await one.acquire()
    keeping = world.start(one.keep())
    taking = world.start(two.acquire())
    await world.advance(20)
    with CutOff(one, monkeypatch):
        assert 8 <= await until_it_stops_acting(world, one) <= 10.5
        assert not taking.done()
        while not taking.done():
            await world.advance(0.5)
    world.start(two.keep())
    await world.advance(2.5)
    with pytest.raises(LeadershipLost, match="two holds the lease"):
        await keeping
    assert not one.leading


async def test_a_lease_that_nobody_else_has_written_is_the_same_term(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = world.candidate("one")
    await one.acquire()
    before = await world.lease()
    regained: list[float] = []
    keeping = world.start(one.keep(lambda: regained.append(world.time.now)))
    await world.advance(4)
    assert regained == []
    with CutOff(one, monkeypatch):
        await until_it_stops_acting(world, one)
        await world.advance(60)
        assert regained == []
        assert not keeping.done()
    await world.advance(2.5)
    assert one.leading
    assert len(regained) == 1
    assert await world.lease() == {**before, "renewTime": (await world.lease())["renewTime"]}
    await world.advance(10)
    assert len(regained) == 1


async def test_a_lease_that_others_may_have_held_meanwhile_ends_the_term(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def give_back() -> None:
        await world.client.merge_patch(LEASES, NAME, world.namespace, {"spec": {"holderIdentity": ""}})

    async def delete() -> None:
        await world.client.delete(LEASES, NAME, world.namespace)

    for what, change in {"given back": give_back, "deleted": delete}.items():
        one = world.candidate(what)
        await one.acquire()
        keeping = world.start(one.keep())
        with CutOff(one, monkeypatch):
            await until_it_stops_acting(world, one)
            await change()
        await world.advance(2.5)
        with pytest.raises(LeadershipLost, match="nobody holds the lease"):
            await keeping
        assert not one.leading


async def test_a_leader_notices_that_another_took_its_lease(world: World) -> None:
    one = world.candidate("one")
    await one.acquire()
    keeping = world.start(one.keep())
    await world.advance(1)
    await world.client.merge_patch(LEASES, NAME, world.namespace, {"spec": {"holderIdentity": "thief"}})
    await world.advance(2)
    with pytest.raises(LeadershipLost, match="thief holds the lease"):
        await keeping
    assert not one.leading


async def test_a_write_by_others_that_leaves_the_holder_is_outlived(world: World) -> None:
    one = world.candidate("one")
    await one.acquire()
    keeping = world.start(one.keep())
    await world.client.merge_patch(LEASES, NAME, world.namespace, {"metadata": {"labels": {"a": "b"}}})
    await world.advance(30)
    assert one.leading
    assert not keeping.done()


async def test_a_deleted_lease_is_made_again(world: World) -> None:
    one = world.candidate("one")
    await one.acquire()
    world.start(one.keep())
    await world.client.delete(LEASES, NAME, world.namespace)
    await world.advance(4)
    assert one.leading
    assert (await world.lease())["holderIdentity"] == "one"


@pytest.mark.parametrize("times", [(10, 10.0, 2.0), (15, 2.0, 2.0)], ids=["lease = deadline", "deadline = retry"])
def test_times_that_cannot_work_are_refused(times: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError, match="must outlive"):
        Times(*times)
