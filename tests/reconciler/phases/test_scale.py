"""From sightings of queues to the number of replicas a pool should serve with, and what is told about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crds import meta
from kube.client import Client
from kube.resources import Resource
from reconciler import metrics
from reconciler.brokers.errors import BrokerUnreachable
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.sight import Sight, failed, seen
from reconciler.observations import QueueName
from reconciler.phases.pool.scale import scale, scaling_status
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.plans.decision import BoundBy
from reconciler.turns import Turns
from tests.reconciler.builders import metadata, pod, policy, pool, queue
from tests.reconciler.phases.worlds import START, World, conditions_of, with_status


class OnePool(World):
    """One pool over the queue orders, passed over again and again. `time`, the wall clock, stands still."""

    time = START

    def __init__(self, **spec: Any) -> None:
        super().__init__()
        self.obj = pool("packers", "orders")
        self.obj["spec"] |= {"concurrency": 4, **spec}
        self.ctx.world.store.put(queue("orders"))

    def sees(self, waiting: int, running: int = 0, name: str = "orders") -> None:
        observation = Observation(START.timestamp() + self.now, exact(waiting), exact(running), exact(0), exact(0))
        self.sighted(seen(None, observation, self.now), name)

    def sighted(self, sight: Sight, name: str = "orders") -> None:
        self.ctx.observations.record(QueueName("shop", name), sight, wake=False)

    async def one_pass(self, seconds: float = 2.0) -> ScalingState:
        self.now += seconds
        state = ScalingState(obj=self.obj, now=self.time)
        await scale(state, self.ctx)
        self.obj = with_status(self.obj, scaling_status(state), state.conditions)
        return state

    def passes(self, seconds: float) -> None:
        """Time, by both clocks."""
        self.now += seconds
        self.time += timedelta(seconds=seconds)

    def staged(self) -> list[float | None]:
        """What the metrics say of the number on its way."""
        stages = ("asked", "damped", "wanted")
        return [self.ctx.metrics.value(metrics.POOL_REPLICAS, "shop", "packers", stage) for stage in stages]

    def bounds(self) -> list[BoundBy]:
        """What the metrics say has set the number."""
        return [bound for bound in BoundBy if self.ctx.metrics.value(metrics.POOL_BOUND, "shop", "packers", bound)]

    async def decided(self, seconds: float = 2.0) -> tuple[int, BoundBy, bool]:
        decision = (await self.one_pass(seconds)).decision
        assert decision is not None
        return decision.to, decision.bound_by, decision.may_shrink


async def test_replicas_follow_the_queue() -> None:
    one = OnePool()
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
    one = OnePool()
    for waiting in (17, 18, 19, 20):
        one.sees(waiting)
        await one.one_pass()
    assert one.obj["status"]["decision"]["steps"][2]["message"] == "orders: 0 running / 4 + 17 waiting / 4"
    assert len(one.events) == 1


async def test_another_bound_of_the_load_is_told_when_the_last_has_stood_and_it_is_the_pools_turn() -> None:
    one = OnePool()
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
    one = OnePool(scaling={"minReplicas": 1, "maxReplicas": 1, "backlog": {"target": 4}})
    states = []
    for waiting in (0, 17):
        one.sees(waiting)
        states.append(await one.one_pass())
    assert [state.asked for state in states] == [None, 28.0]
    assert conditions_of(one.obj) == ["ScalingActive=True Following: Replicas follow the queues"]


async def test_shrinking_waits_and_is_looked_at_again_meanwhile() -> None:
    one = OnePool()
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
    one = OnePool()
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
    one = OnePool(scaling={"maxReplicas": 30, "behavior": {"scaleUp": {"policies": policies}}})
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
    one = OnePool()
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
    one = OnePool()
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
    one = OnePool()
    one.sees(0)
    await one.one_pass()
    assert await one.decided(seconds=20) == (1, BoundBy.UNREADABLE, False)


async def test_just_after_a_start_nothing_changes_and_nothing_is_told() -> None:
    one = OnePool()
    one.sees(17)
    await one.one_pass()
    again = OnePool()
    again.obj = one.obj
    before = one.obj["status"]
    assert await again.decided() == (5, BoundBy.DEMAND, False)
    assert again.obj["status"] == before
    assert again.events == []
    again.sees(17)
    assert await again.decided() == (5, BoundBy.DEMAND, True)


async def test_just_after_a_start_a_bound_that_limits_still_does() -> None:
    one = OnePool()
    one.sees(400)
    await one.one_pass()
    again = OnePool()
    again.obj = one.obj
    before = conditions_of(one.obj)
    await again.one_pass()
    assert conditions_of(again.obj) == before
    assert before[1].startswith("ScalingLimited=True AtMaxReplicas")


async def test_a_restart_forgets_nothing_but_when_to_shrink() -> None:
    one = OnePool()
    one.sees(17)
    await one.one_pass()
    again = OnePool()
    again.obj = one.obj
    again.sees(0)
    assert await again.decided() == (5, BoundBy.DAMPING, True)


async def test_a_queue_that_does_not_exist() -> None:
    one = OnePool(queues=[{"name": "nowhere"}])
    assert await one.decided() == (1, BoundBy.MIN_REPLICAS, False)
    assert conditions_of(one.obj) == ["ScalingActive=False QueueMissing: There is no Queue nowhere in this namespace"]


async def test_a_queue_that_is_being_deleted_counts_as_gone() -> None:
    one = OnePool()
    one.ctx.world.store.put(queue("orders", deletionTimestamp="2027-01-15T08:00:00Z"))
    await one.one_pass()
    assert "QueueMissing" in conditions_of(one.obj)[0]


async def test_a_bound_that_limits_is_told() -> None:
    one = OnePool()
    one.sees(400)
    assert await one.decided() == (10, BoundBy.MAX_REPLICAS, True)
    assert conditions_of(one.obj)[1] == (
        "ScalingLimited=True AtMaxReplicas: The jobs call for more than scaling.maxReplicas"
    )


async def test_a_hold_switches_scaling_off_until_it_ends() -> None:
    one = OnePool(hold={"replicas": 3, "until": "2027-01-15T08:00:30Z"})
    one.sees(400)
    state = await one.one_pass()
    assert state.asked == 30
    assert one.obj["status"]["desiredReplicas"] == 3
    assert conditions_of(one.obj) == ["ScalingActive=False Held: Autoscaling is off: held at 3 until 2027-01-15T08:00Z"]


async def test_a_paused_pool() -> None:
    one = OnePool(paused=True)
    one.sees(400)
    assert await one.decided() == (0, BoundBy.PAUSED, False)
    assert conditions_of(one.obj) == ["ScalingActive=False Paused: spec.paused is set"]


def daytime(schedule: str, **changes: Any) -> dict[str, Any]:
    return {"name": "daytime", "schedule": schedule, "duration": "10h", "minReplicas": 6, **changes}


async def test_a_schedule_raises_the_minimum_and_its_end_is_waited_for() -> None:
    one = OnePool(scaling={"maxReplicas": 10, "schedules": [daytime("0 8 * * 1-5", timeZone="Europe/Berlin")]})
    one.sees(0)
    state = await one.one_pass()
    assert state.decision is not None
    assert (state.decision.to, state.decision.bound_by) == (6, BoundBy.SCHEDULE)
    assert state.asked == 9 * 3600, "it began at 8 in Berlin, an hour ago"
    assert one.obj["status"]["summary"] == "at the 6 of schedule daytime"


async def test_the_next_beginning_is_waited_for() -> None:
    one = OnePool(scaling={"maxReplicas": 10, "schedules": [daytime("30 8 * * *")]})
    one.sees(0)
    assert (await one.one_pass()).asked == 1800
    assert one.obj["status"]["desiredReplicas"] == 1


async def test_a_schedule_that_means_nothing_is_named_and_the_others_hold() -> None:
    schedules = [daytime("0 25 * * *", name="never"), daytime("0 8 * * *")]
    one = OnePool(scaling={"maxReplicas": 10, "schedules": schedules})
    one.sees(0)
    assert await one.decided() == (6, BoundBy.SCHEDULE, True)
    assert conditions_of(one.obj)[0] == (
        "ScalingActive=True ScheduleInvalid: "
        "Replicas follow the queues, but schedule never: hour: 25 is not within 0 to 23"
    )


async def test_pools_that_share_a_queue_divide_it() -> None:
    one = OnePool()
    other = pool("others", "orders")
    other["spec"] |= {"concurrency": 4, "scaling": {"maxReplicas": 30}}
    one.ctx.world.store.put(one.obj)
    one.ctx.world.store.put(other)
    one.sees(64)
    assert await one.decided() == (4, BoundBy.DEMAND, True)
    one.ctx.world.store.put(other | {"spec": other["spec"] | {"paused": True}, "metadata": metadata("others")})
    one.sees(64)
    assert await one.decided() == (10, BoundBy.MAX_REPLICAS, True)


def child(of: dict[str, Any], replicas: int, *managers: str, time: str = "") -> dict[str, Any]:
    """The pool's Deployment, whose replicas were last set by these. Of /scale the API server tells no time."""
    labels = {meta.LABEL_POOL: of["metadata"]["name"], meta.LABEL_POOL_UID: of["metadata"]["uid"]}
    fields = [
        {
            "manager": manager,
            "subresource": "scale",
            **({"time": time} if time else {}),
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        }
        for manager in managers
    ]
    found = metadata("packers-1a2b", labels=labels, managedFields=fields)
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": found, "spec": {"replicas": replicas}}


async def test_another_autoscaler_is_reported_and_not_fought() -> None:
    one = OnePool()
    one.sees(17)
    await one.one_pass()
    one.ctx.world.store.put(child(one.obj, 9, "kube-controller-manager"))
    one.sees(0)
    state = await one.one_pass()
    assert state.decision is not None
    assert (state.decision.to, state.decision.bound_by, state.decision.may_shrink) == (9, BoundBy.PAUSED, False)
    assert state.asked == 600, "ten minutes after it wrote"
    assert one.obj["status"]["summary"] == "left to another autoscaler"
    assert one.staged() == [None, None, 9], "nobody asks it"
    assert one.bounds() == [BoundBy.PAUSED]
    assert conditions_of(one.obj) == [
        "ScalingActive=False AnotherAutoscaler: kube-controller-manager sets the replicas of Deployment packers-1a2b: "
        "remove its HorizontalPodAutoscaler or ScaledObject; nothing is scaled"
    ]


@dataclass
class Scalers:
    """In place of the API server: its HorizontalPodAutoscalers, and how often it was asked for them."""

    targets: list[str]
    asked: int = 0

    async def list(self, resource: Resource, namespace: str) -> Any:
        assert (resource.kind, namespace) == ("HorizontalPodAutoscaler", "shop")
        self.asked += 1
        specs = ({"scaleTargetRef": {"kind": "Deployment", "name": target}} for target in self.targets)
        return SimpleNamespace(items=[{"metadata": {"name": "hpa"}, "spec": spec} for spec in specs])


async def test_a_pool_comes_back_once_the_autoscaler_is_gone() -> None:
    """Its name stays in the managed fields for ever: Headgate has not written the number since."""
    one, scalers = OnePool(), Scalers(["packers-1a2b"])
    one.ctx.client = cast("Client", scalers)
    one.sees(17)
    await one.one_pass()
    one.ctx.world.store.put(child(one.obj, 9, "kube-controller-manager"))
    assert (await one.decided())[1] is BoundBy.PAUSED
    one.passes(590)
    assert (await one.decided())[1] is BoundBy.PAUSED
    assert scalers.asked == 0, "it has just written"
    one.passes(20)
    assert (await one.decided())[1] is BoundBy.PAUSED, "content with what is there"
    assert (await one.decided())[1] is BoundBy.PAUSED
    assert scalers.asked == 1
    one.ctx.world.store.put(child(one.obj, 7, "kube-controller-manager"))
    assert (await one.decided())[0] == 7
    one.passes(590)
    assert (await one.decided())[1] is BoundBy.PAUSED
    assert scalers.asked == 1, "it has just written again"
    one.passes(20)
    assert (await one.decided())[1] is BoundBy.PAUSED
    assert scalers.asked == 2
    scalers.targets = ["another"]
    one.passes(60)
    assert (await one.decided())[1] is not BoundBy.PAUSED
    assert scalers.asked == 3


async def test_what_an_autoscaler_wrote_long_ago_is_no_reason() -> None:
    one, scalers = OnePool(), Scalers([])
    one.ctx.client = cast("Client", scalers)
    one.sees(17)
    await one.one_pass()
    one.ctx.world.store.put(child(one.obj, 9, "acme-autoscaler", time="2027-01-15T07:49:00Z"))
    assert (await one.decided())[1] is not BoundBy.PAUSED


async def test_what_stood_there_at_a_start_is_looked_for_at_once() -> None:
    one, scalers = OnePool(), Scalers(["packers-1a2b"])
    one.ctx.client = cast("Client", scalers)
    one.ctx.world.store.put(child(one.obj, 9, "kube-controller-manager"))
    one.sees(17)
    assert (await one.decided())[1] is BoundBy.PAUSED
    scalers.targets.clear()
    one.passes(60)
    one.sees(17)
    assert (await one.decided())[1] is not BoundBy.PAUSED


async def test_a_number_that_a_person_set_is_not_left() -> None:
    one = OnePool()
    one.ctx.world.store.put(child(one.obj, 9, "kubectl"))
    one.sees(17)
    assert await one.decided() == (5, BoundBy.DEMAND, True)


async def test_an_autoscaler_that_holds_the_pool_is_named() -> None:
    one = OnePool(hold={"replicas": 3})
    one.obj["metadata"]["managedFields"] = [{"manager": "keda-operator", "subresource": "scale"}]
    one.sees(17)
    assert (await one.decided())[:2] == (3, BoundBy.HOLD)
    assert conditions_of(one.obj)[0] == (
        "ScalingActive=False AnotherAutoscaler: "
        "keda-operator holds the pool through its scale subresource: an autoscaler cannot target a WorkerPool"
    )


async def test_a_fallback_is_waited_for() -> None:
    one = OnePool(scaling={"maxReplicas": 10, "fallback": {"after": "1m", "replicas": 6}})
    one.sighted(failed(None, BrokerUnreachable("away"), 0.0))
    state = await one.one_pass()
    assert state.asked == 58
    one.sighted(failed(failed(None, BrokerUnreachable("away"), 0.0), BrokerUnreachable("away"), 60.0))
    assert await one.decided(seconds=60) == (6, BoundBy.FALLBACK, False)


async def test_what_policies_default_counts() -> None:
    one = OnePool(scaling={"maxReplicas": 10})
    defaults = policy("defaults")
    defaults["spec"] = {"action": "Warn", "defaults": {"scaling": {"minReplicas": 3}}}
    one.ctx.snapshot.put("Policy", defaults)
    one.sees(0)
    assert await one.decided() == (3, BoundBy.MIN_REPLICAS, True)


async def test_a_status_that_cannot_be_read_is_no_obstacle() -> None:
    one = OnePool()
    one.obj["status"] = {"desiredReplicas": 2, "decision": {"time": "yesterday", "boundBy": "Moon"}}
    one.sees(17)
    assert await one.decided() == (5, BoundBy.DEMAND, True)


async def test_windows_of_pools_that_are_gone_are_dropped() -> None:
    one = OnePool()
    one.ctx.world.store.put(one.obj)
    one.sees(17)
    await one.one_pass()
    history = one.ctx.histories["uid-packers"]
    one.ctx.histories |= {f"gone-{number}": history for number in range(500)}
    await one.one_pass()
    assert list(one.ctx.histories) == ["uid-packers"]


@pytest.mark.parametrize("doubt", [True, False])
async def test_what_a_failed_over_broker_says_is_no_reason_to_shrink(doubt: bool) -> None:
    one = OnePool()
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
