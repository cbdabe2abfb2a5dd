"""A pool whose queue is gone: nobody is started, and who is to leave still does."""

from __future__ import annotations

import pytest

from crds import meta
from reconciler.children.names import QUEUES
from reconciler.children.queue_notes import note, noted_on
from reconciler.phases.pool.aim import aims
from reconciler.phases.pool.look import look_anew
from reconciler.phases.pool.view import View
from reconciler.workers import Activity
from tests.reconciler.brokers.records import record
from tests.reconciler.builders import metadata
from tests.reconciler.phases.one_pool import NOW, OnePool


@pytest.fixture
async def one() -> OnePool:
    """A pool with two workers, of which one rests."""
    made = OnePool()
    made.queue["spec"]["maxJobDuration"] = "2h"
    await made.child(2)
    await made.configured()
    await made.pod("p-1")
    await made.pod("p-2")
    made.records = {f"{name}.0a": record(f"{name}.0a", podUID=f"uid-{name}", time=NOW) for name in ("p-1", "p-2")}
    made.queue_goes()
    return made


async def test_fewer_are_wanted_and_somebody_is_asked_to_leave(one: OnePool) -> None:
    assert (await one.drained(0))[-2:] == ["patch pods", "patch pods"]


async def test_nobody_is_started(one: OnePool) -> None:
    assert await one.drained(5) == []


async def test_nothing_is_applied(one: OnePool) -> None:
    assert await one.configured() == []


async def test_the_proof_is_looked_for_where_the_queue_was(one: OnePool) -> None:
    one.ctx.pools.clear()
    state = await one.state()
    await look_anew(state, one.ctx)
    assert {worker.activity for worker in state.view.workers.values()} == {Activity.IDLE}
    assert state.drain_timeout == 2 * 3600 + 60, "how long a job may take is known too"


async def test_without_a_note_nobody_knows_what_workers_do(one: OnePool) -> None:
    one.ctx.pools.clear()
    (child,) = one.ctx.store.all("Deployment")
    one.ctx.world.store.put({**child, "metadata": {**child["metadata"], "annotations": {}, **later()}})
    state = await one.state()
    await look_anew(state, one.ctx)
    assert {worker.activity for worker in state.view.workers.values()} == {Activity.UNKNOWN}


async def test_a_paused_pool_is_left_alone(one: OnePool) -> None:
    one.pool["spec"]["paused"] = True
    assert await one.drained(0) == []


async def test_what_has_proved_itself_stays_longest(one: OnePool) -> None:
    state = await one.state()
    labels, created = {meta.LABEL_REVISION: "newer"}, "2027-01-15T07:30:00Z"
    child = state.view.children[0]
    newer = metadata("newer", labels=labels, creationTimestamp=created)
    state.view = View([child, {**child, "metadata": newer}])
    (older, _) = state.view.revisions
    one.pool["status"] = {"revisions": [{"name": older, "proved": True}]}
    assert aims(state, 3, waiting=True) == {older: 2, "newer": 1}
    assert aims(state, 1, waiting=True) == {older: 1, "newer": 0}


def test_a_note_that_others_have_spoiled_says_nothing() -> None:
    for text in ("", "none", "[]", '{"orders": {}}', '{"orders": {"uid": "u", "spec": {}}}', '{"orders": "x"}'):
        assert noted_on([{"metadata": metadata("p", annotations={QUEUES: text})}]) == {}, text


async def test_a_note_is_what_was_noted(one: OnePool) -> None:
    worked = (await one.state()).worked
    found = noted_on([{"metadata": metadata("p", annotations={QUEUES: note(worked)})}])["orders"]
    assert found["spec"] == one.queue["spec"]
    assert found["metadata"]["uid"] == "uid-orders"


def later() -> dict[str, str]:
    return {"resourceVersion": metadata("any")["resourceVersion"]}
