"""From sightings of queues to the number of replicas a pool should serve with, and what is told about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crds import meta
from reconciler import metrics
from reconciler.brokers.errors import BrokerUnreachable
from reconciler.brokers.observation import exact
from reconciler.brokers.sight import failed, seen
from reconciler.observations import QueueName
from reconciler.plans.decision import BoundBy
from reconciler.turns import Turns
from tests.reconciler.builders import metadata, pod, policy, pool, queue
from tests.reconciler.phases.scaled import ScaledPool
from tests.reconciler.phases.worlds import conditions_of


async def test_replicas_follow_the_queue() -> None:
    one = ScaledPool()
    one.sees(waiting=17, running=3)
    assert await one.decided() == (5, BoundBy.DEMAND, True)
    status = one.obj["status"]
    assert (status["desiredReplicas"], status["summary"]) == (5, "follows the jobs of orders")
    assert status["decision"] == {
        "time": "2027-01-15T08:00:00Z",
        "from": 0,
        "to": 5,
        "boundBy": "Demand",
        "steps": [
            {
                "name": "Signals",
                "replicas": 0,
                "message": "orders: 17 waiting, 3 running, arrivals unknown, service time unknown, start-up 30s, "
                "read 2s ago",
            },
            {
                "name": "Outcomes",
                "replicas": 0,
                "message": "orders: completions unknown, wait p95 unknown, latency p95 unknown",
            },
            {"name": "Queue", "replicas": 5, "message": "orders: 3 running / 4 + 17 waiting / 4"},
            {"name": "Demand", "replicas": 5},
        ],
    }
    assert conditions_of(one.obj) == ["ScalingActive=True Following: Replicas follow the queues"]
    assert one.events == ["Normal ScaledUp: From 0 to 5 replicas: follows the jobs of orders"]
    assert one.staged() == [5, 5, 5]
    assert one.ctx.metrics.value(metrics.POOL_SCALED, "shop", "packers", "up") == 1


async def test_the_record_and_the_events_are_about_changes_only() -> None:
    one = ScaledPool()
    for waiting in (17, 18, 19, 20):
        one.sees(waiting)
        await one.one_pass()
    assert one.obj["status"]["decision"]["steps"][2]["message"] == "orders: 0 running / 4 + 17 waiting / 4"
    assert len(one.events) == 1


async def test_another_bound_of_the_load_is_told_when_the_last_has_stood_and_it_is_the_pools_turn() -> None:
    one = ScaledPool()
    one.ctx.turns = Turns(1)
    for key in range(4):
        one.ctx.turns.of(key, 0.0, 32.0)
    told = []
    for waiting in (17, *[0] * 20):
        one.sees(waiting)
        await one.one_pass()
        told.append((one.now, one.obj["status"]["decision"]["boundBy"]))
    changed = [now for now, bound in told if bound == "Damping"]
    assert changed == [36.0, 38.0, 40.0, 42.0], "30 s after the first, and behind four others"


async def test_what_waits_for_its_turn_is_looked_at_again_then() -> None:
    one = ScaledPool(scaling={"minReplicas": 1, "maxReplicas": 1, "backlog": {"target": 4}})
    states = []
    for waiting in (0, 17):
        one.sees(waiting)
        states.append(await one.one_pass())
    assert [state.asked for state in states] == [None, 28.0]
    assert conditions_of(one.obj) == ["ScalingActive=True Following: Replicas follow the queues"]


async def test_shrinking_waits_and_is_looked_at_again_meanwhile() -> None:
    one = ScaledPool()
    one.sees(17)
    await one.one_pass()
    one.sees(0)
    state = await one.one_pass()
    assert state.decision is not None
    assert (state.decision.to, state.decision.bound_by, state.asked) == (5, BoundBy.DAMPING, 2.0)
    assert one.staged() == [0, 5, 5], "asked, damped, wanted"
    assert one.bounds() == [BoundBy.DAMPING]
    assert one.ctx.metrics.value(metrics.POOL_STARTUP, "shop", "packers") == 30.0
    for _ in range(460):
        one.sees(0)
        await one.one_pass()
    assert one.obj["status"]["desiredReplicas"] == 1
    assert one.events[-1] == "Normal ScaledDown: From 2 to 1 replicas: at minReplicas 1"


async def test_another_reason_does_not_hide_the_last_change() -> None:
    one = ScaledPool()
    one.sees(17)
    await one.one_pass()
    one.passes(60)
    one.sees(0)
    await one.one_pass()
    decision = one.obj["status"]["decision"]
    told = (decision["time"], decision["from"], decision["to"], decision["boundBy"])
    assert told == ("2027-01-15T08:00:00Z", 0, 5, "Damping")


async def test_a_policy_of_behavior_goes_on_after_a_restart() -> None:
    """It allows two pods a minute, and the last two were started 20 s ago, by another process."""
    policies = [{"type": "Pods", "value": 2, "periodSeconds": 60}]
    one = ScaledPool(scaling={"maxReplicas": 30, "behavior": {"scaleUp": {"policies": policies}}})
    one.sees(400)
    assert await one.decided() == (2, BoundBy.BEHAVIOR, True)
    one.ctx.histories.clear()
    one.passes(20)
    one.sees(400)
    assert await one.decided() == (2, BoundBy.BEHAVIOR, True)
    one.ctx.histories.clear()
    one.passes(41)
    one.sees(400)
    assert await one.decided() == (4, BoundBy.BEHAVIOR, True)


async def test_the_pods_are_counted_where_status_does_not_tell_yet() -> None:
    one = ScaledPool()
    one.sees(0)
    leaving = {meta.ANNOTATION_DRAIN: "ScaleDown/2027-01-15T08:00:00Z"}
    pods: dict[str, dict[str, Any]] = {
        "a": {},
        "b": {},
        "c": {"annotations": leaving},
        "d": {"deletionTimestamp": "now"},
    }
    for name, more in pods.items():
        one.ctx.world.store.put(pod(name, one.obj, **more))
    finished = pod("e", one.obj)
    one.ctx.world.store.put({**finished, "status": {"phase": "Succeeded"}})
    assert await one.decided() == (2, BoundBy.DAMPING, True)


async def test_a_queue_that_cannot_be_read_holds_the_pool() -> None:
    one = ScaledPool()
    one.sees(17)
    await one.one_pass()
    sighting = one.ctx.observations.latest(QueueName("shop", "orders"))
    assert sighting is not None
    one.sighted(failed(sighting.value, BrokerUnreachable("away"), one.now))
    assert await one.decided() == (5, BoundBy.UNREADABLE, False)
    assert one.obj["status"]["summary"] == "not shrinking: orders is unreadable"
    assert conditions_of(one.obj) == [
        "ScalingActive=False QueueUnreadable: Growing is possible, shrinking not: orders is unreadable"
    ]


async def test_a_sighting_that_has_grown_old_holds_the_pool() -> None:
    one = ScaledPool()
    one.sees(0)
    await one.one_pass()
    assert await one.decided(seconds=20) == (1, BoundBy.UNREADABLE, False)


async def test_just_after_a_start_nothing_changes_and_nothing_is_told() -> None:
    one = ScaledPool()
    one.sees(17)
    await one.one_pass()
    again = ScaledPool()
    again.obj = one.obj
    before = one.obj["status"]
    assert await again.decided() == (5, BoundBy.DEMAND, False)
    assert again.obj["status"] == before
    assert again.events == []
    again.sees(17)
    assert await again.decided() == (5, BoundBy.DEMAND, True)


async def test_just_after_a_start_a_bound_that_limits_still_does() -> None:
    one = ScaledPool()
    one.sees(400)
    await one.one_pass()
    again = ScaledPool()
    again.obj = one.obj
    before = conditions_of(one.obj)
    await again.one_pass()
    assert conditions_of(again.obj) == before
    assert before[1].startswith("ScalingLimited=True AtMaxReplicas")


async def test_a_restart_forgets_nothing_but_when_to_shrink() -> None:
    one = ScaledPool()
    one.sees(17)
    await one.one_pass()
    again = ScaledPool()
    again.obj = one.obj
    again.sees(0)
    assert await again.decided() == (5, BoundBy.DAMPING, True)


async def test_a_queue_that_does_not_exist() -> None:
    one = ScaledPool(queues=[{"name": "nowhere"}])
    assert await one.decided() == (1, BoundBy.MIN_REPLICAS, False)
    assert conditions_of(one.obj) == ["ScalingActive=False QueueMissing: There is no Queue nowhere in this namespace"]


async def test_a_queue_that_is_being_deleted_counts_as_gone() -> None:
    one = ScaledPool()
    one.ctx.world.store.put(queue("orders", deletionTimestamp="2027-01-15T08:00:00Z"))
    await one.one_pass()
    assert "QueueMissing" in conditions_of(one.obj)[0]


async def test_a_bound_that_limits_is_told() -> None:
    one = ScaledPool()
    one.sees(400)
    assert await one.decided() == (10, BoundBy.MAX_REPLICAS, True)
    assert conditions_of(one.obj)[1] == (
        "ScalingLimited=True AtMaxReplicas: The jobs call for more than scaling.maxReplicas"
    )


async def test_pools_that_share_a_queue_divide_it() -> None:
    one = ScaledPool()
    other = pool("others", "orders")
    other["spec"] |= {"concurrency": 4, "scaling": {"maxReplicas": 30}}
    one.ctx.world.store.put(one.obj)
    one.ctx.world.store.put(other)
    one.sees(64)
    assert await one.decided() == (4, BoundBy.DEMAND, True)
    one.ctx.world.store.put(other | {"spec": other["spec"] | {"paused": True}, "metadata": metadata("others")})
    one.sees(64)
    assert await one.decided() == (10, BoundBy.MAX_REPLICAS, True)


async def test_a_fallback_is_waited_for() -> None:
    one = ScaledPool(scaling={"maxReplicas": 10, "fallback": {"after": "1m", "replicas": 6}})
    one.sighted(failed(None, BrokerUnreachable("away"), 0.0))
    state = await one.one_pass()
    assert state.asked == 58
    one.sighted(failed(failed(None, BrokerUnreachable("away"), 0.0), BrokerUnreachable("away"), 60.0))
    assert await one.decided(seconds=60) == (6, BoundBy.FALLBACK, False)


async def test_what_policies_default_counts() -> None:
    one = ScaledPool(scaling={"maxReplicas": 10})
    defaults = policy("defaults")
    defaults["spec"] = {"action": "Warn", "defaults": {"scaling": {"minReplicas": 3}}}
    one.ctx.snapshot.put("Policy", defaults)
    one.sees(0)
    assert await one.decided() == (3, BoundBy.MIN_REPLICAS, True)


async def test_a_status_that_cannot_be_read_is_no_obstacle() -> None:
    one = ScaledPool()
    one.obj["status"] = {"desiredReplicas": 2, "decision": {"time": "yesterday", "boundBy": "Moon"}}
    one.sees(17)
    assert await one.decided() == (5, BoundBy.DEMAND, True)


async def test_windows_of_pools_that_are_gone_are_dropped() -> None:
    one = ScaledPool()
    one.ctx.world.store.put(one.obj)
    one.sees(17)
    await one.one_pass()
    history = one.ctx.histories["uid-packers"]
    one.ctx.histories |= {f"gone-{number}": history for number in range(500)}
    await one.one_pass()
    assert list(one.ctx.histories) == ["uid-packers"]


@pytest.mark.parametrize("doubt", [True, False])
async def test_what_a_failed_over_broker_says_is_no_reason_to_shrink(doubt: bool) -> None:
    one = ScaledPool()
    one.sees(17)
    await one.one_pass()
    sighting = one.ctx.observations.latest(QueueName("shop", "orders"))
    assert sighting is not None
    assert sighting.value.observation is not None
    empty = replace(sighting.value.observation, waiting=exact(0))
    if doubt:
        empty = replace(empty, identity=replace(empty.identity, role="slave"))
    one.sighted(seen(sighting.value, empty, one.now))
    _, _, may_shrink = await one.decided()
    assert may_shrink != doubt
