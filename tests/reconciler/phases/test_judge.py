"""What is said of a revision that does not start, whether or not it replaces another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from crds import meta
from reconciler.children.config import WorkedQueue
from reconciler.children.ways import Way
from reconciler.conditions import DRAINING, READY, RECONCILING, STALLED
from reconciler.phases.pool.judge import judge
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.trial import trial
from reconciler.phases.pool.view import View
from tests.reconciler.builders import metadata, pod, pool, queue
from tests.reconciler.children.objects import effective_of, make_pool, make_queue
from tests.reconciler.children.test_template import render
from tests.reconciler.phases.worlds import START, World

LONG_AGO, JUST_NOW = START - timedelta(hours=1), START - timedelta(seconds=5)


def deployment(revision: str, refused_at: Any = None) -> dict[str, Any]:
    labels = {meta.LABEL_REVISION: revision}
    refusal = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: pods"}
    conditions = [{**refusal, "lastTransitionTime": refused_at.isoformat()}] if refused_at else []
    return {
        "metadata": metadata(f"w-{revision}", labels=labels),
        "spec": {"replicas": 1},
        "status": {"conditions": conditions},
    }


def worker(revision: str, since: Any, *, waiting: str = "", ready: bool = False, restarts: int = 0) -> dict[str, Any]:
    made = pod(f"w-{revision}-1", pool("w"), creationTimestamp=since.isoformat())
    made["metadata"]["labels"][meta.LABEL_REVISION] = revision
    made["spec"]["nodeName"] = "n1"
    container = {
        "name": "worker",
        "restartCount": restarts,
        "state": {"waiting": {"reason": waiting}} if waiting else {"running": {}},
    }
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": since.isoformat()}
    made["status"] = {"phase": "Running", "containerStatuses": [container], "conditions": [condition]}
    return made


def state_of(*objects: dict[str, Any], stored: dict[str, Any] | None = None) -> PoolState:
    obj = pool("w") | ({"status": stored} if stored else {})
    state = PoolState(obj=obj, now=START, revision="new", effective=effective_of(obj, queue("q")))
    state.decision = cast("Any", type("Decision", (), {"to": 1}))
    children = [one for one in objects if "replicas" in one["spec"]]
    state.view = View(children, [one for one in objects if one not in children])
    return state


async def said(world: World, state: PoolState) -> dict[str, tuple[str, str]]:
    await trial(state, world.ctx)
    await judge(state, world.ctx)
    kinds = (READY, RECONCILING, STALLED)
    return {kind.name: (one.reason, one.message) for kind in kinds if (one := state.conditions.get(kind)) is not None}


FAILED = ("RolloutFailed", "Revision new has not proved itself in time: ImagePullBackOff")
STARTING = ("Progressing", "Workers of the current revision are not all ready yet")
SERVES = ("Reconciled", "All wanted workers of the current revision are ready")

FIRST: list[Any] = [
    pytest.param([worker("new", LONG_AGO, waiting="ImagePullBackOff")], FAILED, id="its image is not there"),
    pytest.param([worker("new", LONG_AGO, waiting="ErrImagePull")], FAILED, id="or, in the kubelet's other word"),
    pytest.param([worker("new", JUST_NOW, waiting="ImagePullBackOff")], STARTING, id="it has its time"),
    pytest.param([worker("new", LONG_AGO, ready=True)], SERVES, id="it is ready, though it has done no job yet"),
    pytest.param([worker("new", LONG_AGO, ready=True, restarts=2)], SERVES, id="it is ready again after restarts"),
]


@pytest.mark.parametrize(("pods", "want"), FIRST)
async def test_a_first_revision(pods: list[dict[str, Any]], want: tuple[str, str]) -> None:
    assert (await said(World(), state_of(deployment("new"), *pods)))["Ready"] == want


async def test_one_that_follows_a_revision_without_workers_is_judged_as_well() -> None:
    state = state_of(deployment("old"), deployment("new"), worker("new", LONG_AGO, waiting="ImagePullBackOff"))
    found = await said(World(), state)
    assert (found["Ready"], found["Stalled"]) == (FAILED, FAILED)


async def test_a_quota_is_named_before_the_first_worker_is_there() -> None:
    found = await said(World(), state_of(deployment("new", refused_at=START - timedelta(minutes=5))))
    assert found["Ready"] == STARTING
    assert found["Reconciling"] == ("NoRoom", "No room for a worker of revision new: exceeded quota: pods")


async def test_a_first_revision_has_nothing_to_go_back_to() -> None:
    state = state_of(deployment("new"), worker("new", LONG_AGO, waiting="ImagePullBackOff"))
    rolling_back = pool("w")
    rolling_back["spec"]["rollout"] = {"onFailure": "Rollback"}
    state.effective = effective_of(rolling_back, queue("q"))
    assert (await said(World(), state))["Ready"] == FAILED
    assert not state.rolled_back


async def test_a_failure_is_an_event_once() -> None:
    world, objects = World(), (deployment("new"), worker("new", LONG_AGO, waiting="ImagePullBackOff"))
    for _ in range(2):
        await said(world, state_of(*objects))
    assert world.events == [f"Warning RolloutFailed: {FAILED[1]}"]


async def test_what_a_former_process_told_is_not_told_again() -> None:
    world, objects = World(), (deployment("new"), worker("new", LONG_AGO, waiting="ImagePullBackOff"))
    stored = {"conditions": [{"type": "Ready", "status": "False", "reason": "RolloutFailed"}]}
    await said(world, state_of(*objects, stored=stored))
    assert world.events == []


ASKED = {"headgate.dev/drain": "ScaleDown/2027-01-15T07:59:00Z"}
WAYS: list[Any] = [
    pytest.param("RQ", {}, Way.BROKER, "CannotProve", id="nobody sees an image's own command end"),
    pytest.param("RQ", {"command": ["rq", "worker"]}, Way.BROKER, "Draining", id="what is named is wrapped"),
    pytest.param("RQ", {"args": ["headgate-wait", "rq"]}, Way.BROKER, "Draining", id="or wraps itself"),
    pytest.param("Celery", {}, Way.BROKER, "Draining", id="Celery is asked, whatever runs it"),
    pytest.param("List", {}, Way.CONTRACT, "Draining", id="others tell of themselves"),
]


@pytest.mark.parametrize(("layout", "spec", "way", "want"), WAYS)
async def test_who_cannot_show_that_it_is_idle(layout: str, spec: dict[str, Any], way: Way, want: str) -> None:
    leaving = worker("new", JUST_NOW, ready=True)
    leaving["metadata"]["annotations"] = ASKED
    state, orders = state_of(deployment("new"), leaving), make_queue("q", broker={"redis": {"layout": layout}})
    state.way, state.worked = way, [WorkedQueue(orders, effective_of(state.obj, orders), {"name": "q"})]
    state.template = render(make_pool(**spec), orders, way=way, image="headgate:1")
    await said(World(), state)
    draining = state.conditions.get(DRAINING)
    assert draining is not None
    assert draining.reason == want
