"""Which workers are asked over HTTP, and what their answers are worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from reconciler.adminapi import AdminAPIError
from reconciler.brokers.observation import Observation
from reconciler.brokers.records import Record, parse
from reconciler.children.config import WorkedQueue
from reconciler.children.ways import Way
from reconciler.memory import PoolMemory
from reconciler.phases.pool.ask import ask_workers
from reconciler.phases.pool.state import PoolState
from reconciler.workers import Activity
from tests.reconciler.builders import pool, queue
from tests.reconciler.children.objects import effective_of
from tests.reconciler.phases.worlds import START, World

ASKED = {"headgate.dev/drain": "ScaleDown/2027-01-15T08:00:00Z"}


class Admin:
    """Answers with one record, or with none; `asked` are the requests."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        self.asked: list[str] = []

    def base_of(self, address: str, port: int, path: str) -> str:
        return f"http://{address}:{port}{path}" if address else ""

    async def status(self, base: str) -> Record:
        self.asked.append(f"GET {base}")
        if not self.fields:
            raise AdminAPIError("no answer")
        return self._record(self.fields)

    async def drain(self, base: str, reason: str) -> Record:
        self.asked.append(f"POST {base} {reason}")
        return self._record({**self.fields, "state": "Draining"})

    def _record(self, fields: Mapping[str, Any]) -> Record:
        usual = {"instance": "w-1.00000001", "pod": "w-1", "podUID": "uid-1", "time": 0, "state": "Drained"}
        counts = {"fetching": 0, "running": 0, "started": 1, "completed": 1}
        found = parse("w-1.00000001", orjson.dumps({**usual, **counts, **fields}))
        assert found is not None
        return found


def pod(**metadata: Any) -> dict[str, Any]:
    own = {"name": "w-1", "uid": "uid-1", "annotations": ASKED, **metadata}
    return {"metadata": own, "spec": {}, "status": {"phase": "Running", "podIP": "10.0.0.7"}}


def told(port: int, path: str = "") -> dict[str, Any]:
    """A pod that was told where to answer."""
    one = pod(annotations={**ASKED, "headgate.dev/admin-path": path} if path else ASKED)
    variable = {"name": "HEADGATE_ADMIN_PORT", "value": str(port)}
    one["spec"] = {"containers": [{"name": "worker", "env": [variable]}]}
    return one


def state_of(way: Way = Way.CONTRACT) -> PoolState:
    orders = queue("orders")
    made = PoolState(obj=pool("w", "orders"), now=START)
    made.effective = effective_of(made.obj, orders)
    made.worked = [WorkedQueue(orders, made.effective, {"name": "orders"})]
    made.way = way
    return made


SEEN = {"orders": Observation(0.0)}
SAID = {"orders": Observation(0.0, records={"w-1.0a0a0a0a": b"{}"})}
MORE = {"orders": Observation(0.0, records_left_out=1)}


async def answers(
    admin: Admin,
    seen: Mapping[str, Observation] = SEEN,
    one: dict[str, Any] | None = None,
    state: PoolState | None = None,
    memory: PoolMemory | None = None,
) -> dict[str, Activity]:
    world = World()
    world.ctx.admin = admin
    asked = [one or pod()]
    found = await ask_workers(state or state_of(), world.ctx, memory or PoolMemory(), asked, seen)
    return {uid: worker.activity for uid, worker in found.items()}


ANSWERS: list[Any] = [
    pytest.param({"state": "Drained"}, Activity.DRAINED, id="drained"),
    pytest.param({"state": "Drained", "running": 1}, Activity.BUSY, id="drained, and yet it runs a job"),
    pytest.param({"state": "Drained", "fetching": 1}, Activity.IDLE, id="drained, and yet it fetches"),
    pytest.param({"state": "Draining", "held": 1}, Activity.BUSY, id="it holds a job"),
    pytest.param({"state": "Running"}, Activity.IDLE, id="it has not heard yet"),
]


@pytest.mark.parametrize(("fields", "want"), ANSWERS)
async def test_an_answer(fields: dict[str, Any], want: Activity) -> None:
    assert await answers(Admin(**fields)) == {"uid-1": want}


async def test_who_has_not_heard_is_told_and_who_has_is_not() -> None:
    deaf, heard = Admin(state="Running"), Admin(state="Drained")
    await answers(deaf)
    await answers(heard)
    assert deaf.asked == ["GET http://10.0.0.7:8079/", "POST http://10.0.0.7:8079/ ScaleDown"]
    assert heard.asked == ["GET http://10.0.0.7:8079/"]


PLACES: list[Any] = [
    pytest.param(told(9000), ["GET http://10.0.0.7:9000/", "GET http://10.0.0.7:9000/new"], id="at its own port"),
    pytest.param(
        told(9000, "/old"),
        ["GET http://10.0.0.7:9000/old", "GET http://10.0.0.7:9000/new"],
        id="at its own path, and then where the spec has it by now",
    ),
    pytest.param(told(9000, "/new"), ["GET http://10.0.0.7:9000/new"], id="once, where nothing has changed"),
    pytest.param(pod(), ["GET http://10.0.0.7:8079/", "GET http://10.0.0.7:8079/new"], id="one that was told nothing"),
]


@pytest.mark.parametrize(("one", "want"), PLACES)
async def test_where_a_pod_is_asked(one: dict[str, Any], want: list[str]) -> None:
    admin, state = Admin(), state_of()
    moved = pool("w", "orders")
    moved["spec"]["drain"] = {"adminAPI": {"path": "/new"}}
    state.effective = effective_of(moved, queue("orders"))
    await answers(admin, one=one, state=state)
    assert admin.asked == want


NOBODY: list[Any] = [
    pytest.param({"seen": {}}, id="a queue cannot be read, and may hold a record that says busy"),
    pytest.param({"seen": MORE}, id="nor where some records were not read"),
    pytest.param({"seen": SAID}, id="a worker that tells at the broker is believed there"),
    pytest.param({"one": pod(annotations={})}, id="a pod that is not to leave"),
    pytest.param({"one": pod(deletionTimestamp="2027-01-15T08:00:00Z")}, id="a pod that is gone already"),
    pytest.param({"state": state_of(Way.WARM_STOP)}, id="workers that are only ended"),
    pytest.param({"state": state_of(Way.BROKER)}, id="workers that the agent speaks for"),
    pytest.param({"memory": PoolMemory(deaf={"uid-1": 5.0})}, id="a pod that did not answer a moment ago"),
]


@pytest.mark.parametrize("given", NOBODY)
async def test_nobody_is_asked(given: dict[str, Any]) -> None:
    admin = Admin(state="Drained")
    assert await answers(admin, **given) == {}
    assert admin.asked == []


async def test_an_answer_of_another_pod_is_worth_nothing() -> None:
    assert await answers(Admin(podUID="uid-2")) == {}


async def test_a_pod_that_does_not_answer_is_left_in_peace_for_a_while() -> None:
    memory = PoolMemory()
    assert await answers(Admin(), memory=memory) == {}
    assert memory.deaf == {"uid-1": 10.0}


async def test_a_queue_that_cannot_be_read_is_no_hindrance_where_no_worker_writes_to_it() -> None:
    state = state_of()
    state.worked[0].obj["spec"]["broker"] = {"prometheus": {"url": "http://p", "queries": {"waiting": "up"}}}
    assert await answers(Admin(), {}, state=state) == {}
    assert await answers(Admin(state="Drained"), {}, state=state) == {"uid-1": Activity.DRAINED}
