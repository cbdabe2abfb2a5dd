"""What a pool's pass does not do again: after a start, while nothing has changed, and while others still work."""

from __future__ import annotations

import pytest

from crds import meta
from reconciler.conditions import GUARANTEE
from reconciler.phases.pool.guard import guard
from reconciler.phases.pool.look import look_anew
from reconciler.turns import Turns
from tests.reconciler.brokers.records import record
from tests.reconciler.builders import queue
from tests.reconciler.phases.one_pool import NOW, OnePool
from tests.reconciler.phases.worlds import START


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


async def test_many_that_would_be_applied_again_follow_each_other(one: OnePool) -> None:
    one.ctx.turns = Turns(1)
    await one.child()
    await one.configured()
    one.now += one.ctx.settings.resync + 1
    for other in range(3):
        one.ctx.turns.of(other, 0.0, one.now)
    assert await one.configured() == []
    one.now += 3
    assert await one.configured() == APPLIES
    assert await one.configured() == []


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
    one.ctx.world.store.put(changed)
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
