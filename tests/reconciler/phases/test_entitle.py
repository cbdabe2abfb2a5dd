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
from reconciler.budgets import Asked, Budgets, Member
from reconciler.keys import Key
from reconciler.observations import QueueName
from reconciler.phases.pool.entitle import overlaps
from reconciler.phases.pool.scale import scale, scaling_status
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.plans.budget import Claim
from tests.reconciler.brokers.records import record
from tests.reconciler.builders import cluster_policy, pod, policy, pool, queue
from tests.reconciler.phases.worlds import START, World, conditions_of, with_status

_versions = count(10_000_000)


class Shop(World):
    """Pools, each with a queue and pods of its own, under one budget. Pods come at once and leave when told so.

    A budget that is `clusterwide` is a ClusterPolicy's, about every namespace.
    """

    def __init__(
        self, replicas: int, preemption: str | None = "LowerPriority", *, clusterwide: bool = False, **budget: Any
    ) -> None:
        super().__init__()
        self.pools: dict[str, dict[str, Any]] = {}
        self.keys: list[Key] = []
        self.spared: dict[str, frozenset[str]] = {}
        self.ctx.wake = self.keys.append
        self.budget = dict(budget) | ({"preemption": preemption} if preemption else {})
        self.guard = cluster_policy("guardrails") if clusterwide else policy("guardrails")
        self.leaves(replicas)

    def leaves(self, replicas: int) -> None:
        """The budget is so large from now on."""
        spec = self.guard["spec"] | {"budget": self.budget | {"maxReplicas": replicas}}
        self.ctx.snapshot.put(self.guard["kind"], self.guard | {"spec": spec})

    def has(
        self,
        name: str,
        jobs: int,
        *,
        priority: int = 0,
        pods: int = 0,
        age: float = 3600,
        namespace: str = "shop",
        **spec: Any,
    ) -> None:
        obj = pool(name, name, namespace=namespace)
        obj["spec"] |= {"priority": priority, "scaling": {"maxReplicas": 40, "minReplicas": 0}, **spec}
        if pods:
            obj["status"] = {"desiredReplicas": pods}
        self.pools[name] = obj
        self.ctx.world.store.put(obj)
        self.ctx.world.store.put(queue(name, namespace))
        self.calls_for(name, jobs)
        for number in range(pods):
            self.starts(name, f"{name}-{number}", age)

    def calls_for(self, name: str, jobs: int, running: dict[str, int] | None = None) -> None:
        time = START.timestamp()
        raw = {f"{one}.1": record(f"{one}.1", running=held, time=time) for one, held in (running or {}).items()}
        reading = Observation(
            time, exact(jobs), exact(0), exact(0), exact(0), workers=parse_all(raw, time), records=raw
        )
        self.ctx.observations.record(self._queue(name), seen(None, reading, self.now), wake=False)

    def sees_again(self, name: str) -> None:
        sighting = self.ctx.observations.latest(self._queue(name))
        assert sighting is not None
        self.ctx.observations.record(self._queue(name), sighting.value, wake=False)

    def _queue(self, name: str) -> QueueName:
        return QueueName(self.pools[name]["metadata"]["namespace"], name)

    def starts(self, name: str, pod_name: str, age: float = 0) -> None:
        created = (START - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%SZ")
        namespace = self.pools[name]["metadata"]["namespace"]
        made = pod(pod_name, self.pools[name], namespace=namespace, creationTimestamp=created)
        self.ctx.world.store.put({**made, "status": {"phase": "Running"}})

    def is_asked(self, pod_name: str, namespace: str = "shop") -> None:
        held = self.ctx.store.get(Key("Pod", namespace, pod_name))
        assert held is not None
        metadata = {**held["metadata"], "resourceVersion": str(next(_versions))}
        self.ctx.world.store.put(
            {**held, "metadata": metadata | {"annotations": {meta.ANNOTATION_DRAIN: "Preempted/x"}}}
        )

    def is_gone(self, pod_name: str, namespace: str = "shop") -> None:
        held = self.ctx.store.get(Key("Pod", namespace, pod_name))
        assert held is not None
        self.ctx.world.store.remove(held)

    async def passes(self, *names: str, lasts: float = 2.0) -> None:
        for name in names or list(self.pools):
            self.now += lasts
            self.sees_again(name)
            state = ScalingState(obj=self.pools[name], now=START)
            await scale(state, self.ctx)
            self.spared[name] = state.spared
            stored = with_status(self.pools[name], scaling_status(state), state.conditions)
            stored["metadata"] = {**stored["metadata"], "resourceVersion": str(next(_versions))}
            self.pools[name] = stored
            self.ctx.world.store.put(stored)

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
    shop.ctx.world.store.put(
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


async def test_the_budget_of_a_cluster_policy_spans_namespaces() -> None:
    shop = Shop(10, clusterwide=True)
    shop.has("batch", 30, pods=10, namespace="team-a")
    shop.has("serving", 3, priority=10, namespace="team-b")
    for _ in range(2):
        await shop.passes("batch", "serving")
    assert shop.wanted() == {"batch": 7, "serving": 0}
    assert shop.says("batch") == "giving 3 to team-b/serving"
    assert shop.says("serving") == "waits for 3 of team-a/batch"
    for number in range(3):
        shop.is_asked(f"batch-{number}", "team-a")
        shop.is_gone(f"batch-{number}", "team-a")
    await shop.passes("serving", "batch")
    assert shop.wanted() == {"batch": 7, "serving": 3}


async def test_a_namespace_may_have_a_smaller_budget_of_its_own() -> None:
    """What its pools use counts in that one alone, so the other's pools do not see it."""
    shop = Shop(10, clusterwide=True)
    own = policy("smaller", "team-a")
    own["spec"]["budget"] = {"maxReplicas": 2}
    shop.ctx.snapshot.put("Policy", own)
    shop.has("batch", 30, namespace="team-a")
    shop.has("serving", 30, namespace="team-b")
    await shop.passes()
    assert shop.wanted() == {"batch": 2, "serving": 10}


async def test_a_worker_that_began_a_job_since_all_was_shared_out_stays() -> None:
    shop = Shop(4, minRuntime="10m")
    shop.has("batch", 30, pods=4, age=60)
    shop.calls_for("batch", 30, running=dict.fromkeys(("batch-0", "batch-1", "batch-2", "batch-3"), 0))
    shop.has("serving", 3, priority=10)
    await shop.passes("batch", "serving")
    shop.calls_for("batch", 30, running={"batch-0": 0, "batch-1": 1, "batch-2": 1, "batch-3": 1})
    await shop.passes("batch", lasts=0.5)
    assert shop.wanted()["batch"] == 3, "three were idle, and one is"


async def test_young_workers_of_a_rollout_do_not_raise_what_a_pool_has() -> None:
    """They are above its number, and leave for the rollout."""
    shop = Shop(4, minRuntime="10m")
    shop.has("batch", 30, pods=1)
    shop.has("serving", 30, priority=10, pods=3)
    for young in ("batch-1", "batch-2"):
        shop.starts("batch", young, age=60)
    shop.calls_for("batch", 30, running=dict.fromkeys(("batch-0", "batch-1", "batch-2"), 1))
    await shop.passes("serving", "batch")
    await shop.passes("serving", "batch")
    assert shop.wanted()["batch"] <= 1


async def test_a_budget_that_becomes_smaller_takes_workers_that_have_run_for_a_while() -> None:
    shop = Shop(4, minRuntime="10m")
    shop.has("batch", 30, pods=4)
    for young in ("batch-2", "batch-3"):
        shop.starts("batch", young, age=60)
    shop.calls_for("batch", 30, running=dict.fromkeys(("batch-0", "batch-1", "batch-2", "batch-3"), 1))
    await shop.passes()
    shop.leaves(2)
    await shop.passes()
    assert shop.wanted() == {"batch": 2}
    assert shop.spared == {"batch": frozenset({"uid-batch-2", "uid-batch-3"})}


async def test_pods_of_a_rollout_that_a_pool_grows_into_are_no_surge_any_more() -> None:
    budgets = Budgets(asked={"batch": Asked(demand=30, minimum=0, serving=8, most=10)})
    member = Member(
        Key("WorkerPool", "shop", "batch"), Claim("batch", "shop/batch", demand=30, existing=10, serving=8, held=10)
    )
    allowance, _ = budgets.allowance("guardrails", 10, "batch", 0.0, lambda: [member], preempts=True)
    assert allowance is not None
    assert allowance.replicas == 10
    assert budgets.surge("guardrails", "batch", allowance.replicas, wanted=3) == 0
    assert budgets.surge("guardrails", "batch", 8, wanted=3) == 2, "what it has already, where it does not grow"
