"""Pools that share the budget of a Policy: what each is left, who gives, and what both sides say."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from crds import meta
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.records import parse_all
from reconciler.brokers.sight import seen
from reconciler.keys import Key
from reconciler.observations import QueueName
from reconciler.phases.pool.entitle import overlaps
from reconciler.phases.pool.scale import scale, scaling_status
from reconciler.phases.pool.scaling_state import ScalingState
from tests.reconciler.brokers.records import record
from tests.reconciler.builders import pod, policy, pool, queue
from tests.reconciler.phases.worlds import START, World, conditions_of, with_status

_versions = count(10_000_000)


class Shop(World):
    """Pools, each with a queue and pods of its own, under one budget. Pods come at once and leave when told so."""

    def __init__(self, replicas: int, preemption: str | None = "LowerPriority", **budget: Any) -> None:
        super().__init__()
        self.pools: dict[str, dict[str, Any]] = {}
        self.keys: list[Key] = []
        self.ctx.wake = self.keys.append
        guard = policy("guardrails")
        guard["spec"]["budget"] = {"maxReplicas": replicas, **budget} | (
            {"preemption": preemption} if preemption else {}
        )
        self.ctx.snapshot.put("Policy", guard)

    def has(self, name: str, jobs: int, *, priority: int = 0, pods: int = 0, age: float = 3600, **spec: Any) -> None:
        obj = pool(name, name)
        obj["spec"] |= {"priority": priority, "scaling": {"maxReplicas": 40, "minReplicas": 0}, **spec}
        if pods:
            obj["status"] = {"desiredReplicas": pods}
        self.pools[name] = obj
        self.ctx.store.put(obj)
        self.ctx.store.put(queue(name))
        self.calls_for(name, jobs)
        for number in range(pods):
            self.starts(name, f"{name}-{number}", age)

    def calls_for(self, name: str, jobs: int, running: dict[str, int] | None = None) -> None:
        time = START.timestamp()
        raw = {f"{one}.1": record(f"{one}.1", running=held, time=time) for one, held in (running or {}).items()}
        reading = Observation(
            time, exact(jobs), exact(0), exact(0), exact(0), workers=parse_all(raw, time), records=raw
        )
        self.ctx.observations.record(QueueName("shop", name), seen(None, reading, self.now), wake=False)

    def sees_again(self, name: str) -> None:
        sighting = self.ctx.observations.latest(QueueName("shop", name))
        assert sighting is not None
        self.ctx.observations.record(QueueName("shop", name), sighting.value, wake=False)

    def starts(self, name: str, pod_name: str, age: float = 0) -> None:
        created = (START - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.ctx.store.put(
            {**pod(pod_name, self.pools[name], creationTimestamp=created), "status": {"phase": "Running"}}
        )

    def is_asked(self, pod_name: str) -> None:
        held = self.ctx.store.get(Key("Pod", "shop", pod_name))
        assert held is not None
        metadata = {**held["metadata"], "resourceVersion": str(next(_versions))}
        self.ctx.store.put({**held, "metadata": metadata | {"annotations": {meta.ANNOTATION_DRAIN: "Preempted/x"}}})

    def is_gone(self, pod_name: str) -> None:
        held = self.ctx.store.get(Key("Pod", "shop", pod_name))
        assert held is not None
        self.ctx.store.remove(held)

    async def passes(self, *names: str) -> None:
        for name in names or list(self.pools):
            self.now += 2.0
            self.sees_again(name)
            state = ScalingState(obj=self.pools[name], now=START)
            await scale(state, self.ctx)
            stored = with_status(self.pools[name], scaling_status(state), state.conditions)
            stored["metadata"] = {**stored["metadata"], "resourceVersion": str(next(_versions))}
            self.pools[name] = stored
            self.ctx.store.put(stored)

    def wanted(self) -> dict[str, int]:
        return {name: obj["status"]["desiredReplicas"] for name, obj in self.pools.items()}

    def says(self, name: str) -> str:
        return str(self.pools[name]["status"]["summary"])


async def test_pools_never_have_more_than_the_budget_together() -> None:
    shop = Shop(10)
    shop.has("batch", 30)
    shop.has("serving", 30)
    for _ in range(3):
        await shop.passes()
        assert sum(shop.wanted().values()) <= 10
    assert shop.wanted() == {"batch": 10, "serving": 0}, "what was free when nobody else had asked"
    assert shop.says("serving") == "waits for 5 of the budget"
    assert conditions_of(shop.pools["batch"])[1] == (
        "ScalingLimited=True BudgetSpent: The jobs call for more than the budget leaves this pool"
    )


async def test_a_pool_of_lower_priority_gives_and_both_sides_say_so() -> None:
    shop = Shop(10)
    shop.has("batch", 30, pods=10)
    shop.has("serving", 3, priority=10)
    await shop.passes("batch", "serving")
    assert Key("WorkerPool", "shop", "batch") in shop.keys, "woken, for it has to give"
    await shop.passes("batch", "serving")
    assert shop.wanted() == {"batch": 7, "serving": 0}
    assert shop.says("batch") == "giving 3 to shop/serving"
    assert shop.says("serving") == "waits for 3 of shop/batch"
    assert conditions_of(shop.pools["serving"])[1] == (
        "ScalingLimited=True BudgetSpent: The budget is spent; workers of shop/batch are asked to leave for this pool"
    )
    for number in range(3):
        shop.is_asked(f"batch-{number}")
    await shop.passes("batch", "serving")
    assert shop.wanted() == {"batch": 7, "serving": 0}, "not asked twice, and nothing is free yet"
    assert shop.says("batch") == "giving 3 to shop/serving"
    for number in range(3):
        shop.is_gone(f"batch-{number}")
    await shop.passes("serving", "batch")
    assert shop.wanted() == {"batch": 7, "serving": 3}
    assert shop.says("batch") == "the budget leaves 7"


async def test_without_preemption_nobody_gives() -> None:
    shop = Shop(10, preemption=None)
    shop.has("batch", 30, pods=10)
    shop.has("serving", 3, priority=10)
    for _ in range(2):
        await shop.passes()
    assert shop.wanted() == {"batch": 10, "serving": 0}
    assert shop.says("serving") == "waits for 3 of the budget"


async def test_busy_workers_below_the_minimum_runtime_stay() -> None:
    shop = Shop(4, minRuntime="10m")
    shop.has("batch", 30, pods=4, age=60)
    shop.calls_for("batch", 30, running={"batch-0": 0, "batch-1": 1, "batch-2": 1})
    shop.has("serving", 3, priority=10)
    for _ in range(2):
        await shop.passes("batch", "serving")
    assert shop.wanted()["batch"] == 3, "one is idle, two are busy, one says nothing"


async def test_a_pool_that_has_not_been_looked_at_keeps_what_it_has() -> None:
    shop = Shop(10)
    shop.has("batch", 30, pods=10)
    shop.has("serving", 3, priority=10)
    await shop.passes("serving")
    assert shop.wanted()["serving"] == 0
    assert shop.says("serving") == "waits for 3 of the budget"


@pytest.mark.parametrize("change", [{"paused": True}, {"deletionTimestamp": "2027-01-15T08:00:00Z"}])
async def test_who_goes_or_is_paused_counts_with_its_pods(change: dict[str, Any]) -> None:
    shop = Shop(6)
    shop.has("batch", 0, pods=4)
    held = shop.pools["batch"]
    part = "spec" if "paused" in change else "metadata"
    shop.ctx.store.put(
        {
            **held,
            part: held[part] | change,
            "metadata": {
                **held["metadata"],
                **({} if part == "spec" else change),
                "resourceVersion": str(next(_versions)),
            },
        }
    )
    shop.has("serving", 9, priority=10)
    await shop.passes("serving")
    assert shop.wanted()["serving"] == 2


async def test_the_smallest_of_several_budgets_counts() -> None:
    shop = Shop(10)
    smaller = policy("smaller")
    smaller["spec"]["budget"] = {"maxReplicas": 2}
    shop.ctx.snapshot.put("Policy", smaller)
    shop.has("batch", 30)
    await shop.passes()
    assert shop.wanted() == {"batch": 2}
    said = {view.name: overlaps(view, shop.ctx) for view in shop.ctx.snapshot.policies("shop")}
    assert said == {
        "guardrails": ["budget: WorkerPool shop/batch counts in the smaller one of Policy smaller"],
        "smaller": [],
    }


async def test_a_pool_that_no_budget_is_about_is_free() -> None:
    shop = Shop(1)
    narrow = policy("guardrails")
    narrow["spec"] |= {"budget": {"maxReplicas": 1}, "match": {"names": ["other-*"]}}
    shop.ctx.snapshot.put("Policy", narrow)
    shop.has("batch", 30)
    await shop.passes()
    assert shop.wanted() == {"batch": 30}
