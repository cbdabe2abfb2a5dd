"""What is said of workers that are to leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crds import meta
from reconciler.brokers.errors import BrokerUnreachable
from reconciler.children.ways import Way
from reconciler.conditions import DRAINING
from reconciler.phases.pool.leaving import ELSEWHERE, tell_leaving
from reconciler.phases.pool.look import look_anew
from reconciler.phases.pool.places import see_crowds
from reconciler.plans.evacuation import ANSWER_SECONDS
from tests.reconciler.brokers.records import record
from tests.reconciler.builders import metadata, pod, pool
from tests.reconciler.phases.one_pool import NOW, OnePool
from tests.reconciler.phases.worlds import START

ASKED = {meta.ANNOTATION_DRAIN: "Node/2027-01-15T07:59:00Z"}
LATE = {meta.ANNOTATION_DRAIN: "Node/2027-01-15T07:00:00Z"}
REFUSED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
UNKNOWN = (
    "DrainTimedOut: Over drain.timeout: p-1; nobody knows what runs in p-1{}: spec.drain.onTimeout: Requeue removes"
    " them all the same, by SIGTERM and their grace period"
)

CASES: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "a worker that still works": ({}, ASKED, "Draining: Workers finish their jobs before they go"),
    "a pool that is paused": (
        {"paused": True},
        ASKED,
        "Paused: spec.paused is set, so none is removed that was asked to drain: p-1",
    ),
    "one that is busy for too long": (
        {},
        LATE,
        "DrainTimedOut: Over drain.timeout: p-1; as spec.drain.onTimeout is Wait they stay until they have finished",
    ),
    "one whose time is all it has": (
        {"drain": {"onTimeout": "Requeue"}},
        LATE,
        "DrainTimedOut: Over drain.timeout: p-1; spec.drain.onTimeout: Requeue removes them all the same",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case)
async def test_said(case: str) -> None:
    spec, annotations, want = CASES[case]
    one = OnePool()
    one.pool["spec"] |= spec
    await one.child(1)
    await one.pod("p-1", **annotations)
    one.records = {"p-1.0a": record("p-1.0a", podUID="uid-p-1", time=NOW, running=1)}
    assert await said(one) == want


async def test_a_queue_that_cannot_be_read_is_named_with_the_way_out() -> None:
    one = OnePool()
    await one.child(1)
    await one.pod("p-1", **LATE)
    one.failure = BrokerUnreachable("it does not answer")
    assert await said(one) == UNKNOWN.format(", because Queue orders cannot be read (BrokerUnreachable)")


async def test_a_queue_of_which_nothing_is_left_is_named() -> None:
    one = OnePool()
    await one.child(1)
    await one.pod("p-1", **LATE)
    one.queue_goes()
    one.ctx.pools.clear()
    assert await said(one) == UNKNOWN.format(", because Queue orders is gone, and nothing says where its broker is")


async def test_by_a_clock_that_is_wrong_nobody_is_removed() -> None:
    one = OnePool()
    one.pool["spec"]["drain"] = {"onTimeout": "Kill"}
    await one.child(1)
    await one.pod("p-1", **LATE)
    one.api.server_date = START - timedelta(seconds=6)
    assert "this reconciler's clock is not the API server's, so nobody is removed" in await said(one)
    assert "patch pods" not in await one.drained(0)
    one.api.server_date = START - timedelta(seconds=5)
    assert "onTimeout: Kill removes them" in await said(one)
    assert (await one.drained(0))[-1] == "patch pods", "its time is over"


async def test_who_is_over_its_time_is_told_once() -> None:
    one = OnePool()
    await one.child(1)
    await one.pod("p-1", **LATE)
    for _ in range(2):
        await said(one)
    assert len(one.events) == 1


async def test_a_pool_that_is_deleted_tells_it_too() -> None:
    one = OnePool()
    one.pool["metadata"]["deletionTimestamp"] = "2027-01-15T07:00:00Z"
    await one.child(1)
    await one.pod("p-1", **LATE)
    assert (await said(one)).startswith("DrainTimedOut: Over drain.timeout: p-1; nobody knows")


async def test_workers_on_a_node_that_goes_are_asked_and_called_back_when_it_stays() -> None:
    one = await two_on_a_node(maxSurge=0, maxUnavailable="100%")
    assert await one.drained(2) == []
    one.ctx.world.store.put(node(unschedulable=True))
    assert (await one.drained(2))[-2:] == ["patch pods", "patch pods"]
    await one.pod("p-1", **{meta.ANNOTATION_DRAIN: "NodeMaintenance/2027-01-15T08:00:00Z"})
    one.ctx.world.store.put(node())
    assert (await one.drained(2))[-1] == "patch pods", "the request is withdrawn"


async def test_as_many_are_asked_as_others_serve_in_their_place() -> None:
    one = await two_on_a_node()
    one.ctx.world.store.put(node(unschedulable=True))
    assert (await one.drained(2))[-1] == "scale deployments", "another one is started first"
    await elsewhere(one, ready=False)
    assert "patch pods" not in await one.drained(2), "it does not serve yet"
    await elsewhere(one)
    assert (await one.drained(2)).count("patch pods") == 1


async def test_nobody_waits_for_successors_that_do_not_come() -> None:
    one = await two_on_a_node(maxSurge=0, maxUnavailable=1)
    one.ctx.world.store.put(node(unschedulable=True))
    assert (await one.drained(2)).count("patch pods") == 1
    one.now += 59
    assert (await one.drained(2)).count("patch pods") == 1
    one.now += 2
    assert (await one.drained(2)).count("patch pods") == 2, "the same ones were held back for two start-ups"


async def test_who_is_held_back_is_asked_when_no_node_has_room_and_none_is_added() -> None:
    one = await two_on_a_node()
    one.ctx.world.store.put(node(unschedulable=True))
    await elsewhere(one, ready=False, refused=True)
    assert "patch pods" not in await one.drained(2), "an autoscaler may still say something"
    one.now += ANSWER_SECONDS
    assert (await one.drained(2)).count("patch pods") == 2


async def test_who_is_held_back_is_asked_when_a_quota_has_no_room() -> None:
    one = await two_on_a_node()
    one.ctx.world.store.put(node(unschedulable=True))
    (child,) = one.ctx.store.all("Deployment")
    full = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    later = {**child["metadata"], "resourceVersion": metadata("any")["resourceVersion"]}
    status = {"observedGeneration": 1, "conditions": [full]}
    one.ctx.world.store.put({**child, "metadata": later, "spec": {**child["spec"], "replicas": 3}, "status": status})
    assert "patch pods" not in await one.drained(2)
    one.now += ANSWER_SECONDS
    await one.drained(2)
    assert (await one.drained(2)).count("patch pods") == 2


@pytest.mark.parametrize(
    ("words", "want_asked"),
    [
        pytest.param(["FailedScheduling", "TriggeredScaleUp"], 0, id="the cluster autoscaler adds one"),
        pytest.param(["Nominated"], 0, id="Karpenter adds one"),
        pytest.param(["NotTriggerScaleUp"], 2, id="the cluster autoscaler adds none"),
        pytest.param(["NotTriggerScaleUp", "TriggeredScaleUp"], 0, id="it adds one after all"),
        pytest.param(["TriggeredScaleUp", "NotTriggerScaleUp"], 2, id="it could not add it"),
        pytest.param(["FailedScheduling"], 2, id="nobody says that one is added"),
    ],
)
async def test_the_last_word_of_an_autoscaler_counts(words: list[str], want_asked: int) -> None:
    one = await two_on_a_node()
    one.ctx.world.store.put(node(unschedulable=True))
    await elsewhere(one, ready=False, refused=True)
    about = {"involvedObject": {"uid": "uid-p-3"}}
    one.api.events = tuple(
        {**about, "reason": reason, "lastTimestamp": f"2027-01-15T08:00:{second:02}Z"}
        for second, reason in enumerate(words)
    )
    await one.drained(2)
    one.now += ANSWER_SECONDS
    assert (await one.drained(2)).count("patch pods") == want_asked


async def test_where_events_may_not_be_read_they_wait_as_for_a_start() -> None:
    one = await two_on_a_node()
    one.ctx.world.store.put(node(unschedulable=True))
    await elsewhere(one, ready=False, refused=True)
    one.api.forbidden = True
    await one.drained(2)
    one.now += 2 * ANSWER_SECONDS
    assert "patch pods" not in await one.drained(2)
    one.now += 60
    assert (await one.drained(2)).count("patch pods") == 2


async def test_the_cluster_autoscaler_gives_them_no_time() -> None:
    one = await two_on_a_node()
    one.ctx.world.store.put(node(taints=[{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}]))
    assert (await one.drained(2))[-2:] == ["patch pods", "patch pods"]


async def test_where_nobody_can_be_started_all_are_asked_at_once() -> None:
    one = await two_on_a_node()
    await one.configured()
    one.queue_goes()
    one.ctx.world.store.put(node(unschedulable=True))
    assert (await one.drained(2)).count("patch pods") == 2


async def test_how_crowded_a_node_is_counts_the_workers_of_all_pools() -> None:
    one = OnePool()
    await one.child(1)
    await one.pod("p-1")
    one.ctx.world.store.put(pod("other-1", pool("other")) | {"spec": {"nodeName": "n"}})
    state = await one.state()
    see_crowds(state, one.ctx)
    assert state.crowds == {"n": 2}


async def two_on_a_node(**rollout: Any) -> OnePool:
    one = OnePool()
    one.pool["spec"] |= {"rollout": rollout} if rollout else {}
    await one.child(2)
    for name in ("p-1", "p-2"):
        await one.pod(name)
    return one


async def elsewhere(one: OnePool, *, ready: bool = True, refused: bool = False) -> None:
    """A third worker, on another node, or refused by all of them."""
    await one.pod("p-3")
    (made,) = [pod for pod in one.ctx.store.all("Pod") if pod["metadata"]["name"] == "p-3"]
    status = made["status"] if ready else {"phase": "Pending", "conditions": [REFUSED] if refused else []}
    later = {**made["metadata"], "resourceVersion": metadata("any")["resourceVersion"]}
    one.ctx.world.store.put({**made, "metadata": later, "spec": {} if refused else {"nodeName": "m"}, "status": status})


def node(**spec: Any) -> dict[str, Any]:
    """The one that all pods are on."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata("n"), "spec": spec}


async def said(one: OnePool) -> str:
    state = await one.state()
    await look_anew(state, one.ctx)
    tell_leaving(state, one.ctx)
    found = state.conditions.get(DRAINING)
    assert found is not None
    return f"{found.reason}: {found.message}"


async def test_where_the_agent_has_nowhere_to_write_nobody_can_prove_anything() -> None:
    one = OnePool()
    one.queue["spec"]["broker"] = {"rabbitmq": {"url": "amqp://mq"}}
    await one.child(1)
    await one.pod("p-1", **ASKED)
    state = await one.state()
    state.way = Way.BROKER
    await look_anew(state, one.ctx)
    tell_leaving(state, one.ctx)
    found = state.conditions.get(DRAINING)
    assert found is not None
    assert (found.reason, found.message) == ("CannotProve", ELSEWHERE)
