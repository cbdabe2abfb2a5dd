"""What the budget of a Policy leaves a pool: gathers what all of its pools have and want, and asks the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from crds import duration, meta
from policies import applying
from policies.snapshot import PolicyView
from reconciler.budgets import Asked, Member
from reconciler.children.workload import is_stateful
from reconciler.context import Context
from reconciler.keys import key_of
from reconciler.observations import QueueName
from reconciler.phases.pool.pods import is_finished, seconds
from reconciler.phases.pool.scaling_state import ScalingState
from reconciler.phases.pool.serving import serves
from reconciler.phases.pool.view import revision_label
from reconciler.plans.budget import Allowance, Claim, usable
from reconciler.plans.decision import ReplicaDecision
from reconciler.plans.facts import Entitlement, PoolFacts
from reconciler.plans.rollout import bounds

Object = Mapping[str, Any]
MIN_RUNTIME: Final = "10m"


@dataclass(frozen=True, slots=True)
class Budget:
    """`spec.budget` of the policy that counts for a pool."""

    policy: PolicyView
    replicas: int
    preempts: bool
    min_runtime: float

    @property
    def name(self) -> str:
        return f"{self.policy.kind} {self.policy.name}"


def budget_of(pool: Object, ctx: Context) -> Budget | None:
    """The smallest budget among the policies that apply to a pool; where budgets overlap, their policies say so."""
    found = [
        policy.view for policy in applying(meta.WORKER_POOL.kind, pool, ctx.snapshot) if "budget" in policy.view.spec
    ]
    smallest = min(found, key=lambda view: (view.spec["budget"]["maxReplicas"], view.kind, view.name), default=None)
    if smallest is None:
        return None
    spec = smallest.spec["budget"]
    return Budget(
        policy=smallest,
        replicas=spec["maxReplicas"],
        preempts=spec.get("preemption") == "LowerPriority",
        min_runtime=duration.seconds(spec.get("minRuntime") or MIN_RUNTIME),
    )


def overlaps(policy: PolicyView, ctx: Context) -> list[str]:
    """The pools that a policy's budget is about and that count in another's, as sentences."""
    if "budget" not in policy.spec:
        return []
    found = []
    for pool in ctx.store.unclaimed(meta.WORKER_POOL.kind, policy.namespace or None):
        counts = budget_of(pool, ctx)
        about = any(view.uid == policy.uid for view in applying(meta.WORKER_POOL.kind, pool, ctx.snapshot).views)
        if about and counts is not None and counts.policy.uid != policy.uid:
            name = f"{pool['metadata']['namespace']}/{pool['metadata']['name']}"
            found.append(f"budget: WorkerPool {name} counts in the smaller one of {counts.name}")
    return found


def within(state: ScalingState, ctx: Context, budget: Budget, facts: PoolFacts, decision: ReplicaDecision) -> PoolFacts:
    """The facts with what the budget leaves the pool. Pools that must give, or may grow, because of it are woken."""
    before = ctx.budgets.asked.get(state.uid)
    serving, most = (before.serving, before.most) if before else (facts.current, facts.current)
    ctx.budgets.asked[state.uid] = Asked(decision.demand, facts.lowest, serving, most)
    allowance, concerned = ctx.budgets.allowance(
        budget.policy.uid,
        budget.replicas,
        state.uid,
        ctx.monotonic(),
        lambda: _members(budget, ctx),
        preempts=budget.preempts,
    )
    for member in concerned:
        ctx.wake(member.key)
    if allowance is None:
        return facts
    _prepare_to_give(state, ctx, budget, allowance)
    # What was idle a moment ago, when all was shared out, may have begun a job since. That keeps what the pool has; the
    # young workers of a rollout, which are above its number, do not raise it.
    stay = min(len(state.spared), decision.demand, serving)
    replicas = max(usable(allowance, serving, _ending(state, ctx)), stay)
    return replace(facts, entitlement=_entitlement(allowance, replicas))


def settle(state: ScalingState, ctx: Context, budget: Budget, facts: PoolFacts, decision: ReplicaDecision) -> None:
    """Remember what the pool goes on with, before any other pool asks."""
    state.surge = ctx.budgets.surge(budget.policy.uid, state.uid, decision.to, _surge(state, ctx, decision.to))
    ctx.budgets.asked[state.uid] = Asked(decision.demand, facts.lowest, decision.to, decision.to + state.surge)


def _prepare_to_give(state: ScalingState, ctx: Context, budget: Budget, allowance: Allowance) -> None:
    """Workers that leave for another pool are asked for that reason, and busy ones that are too young stay."""
    state.gives = bool(allowance.gives)
    if not state.gives and not allowance.taken:
        return
    now, idle = ctx.clock().timestamp(), idle_pods(state.obj, ctx)
    stay = [pod for pod in ctx.store.pods_of_pool(state.uid) if serves(pod) and pod["metadata"]["name"] not in idle]
    state.spared = frozenset(pod["metadata"]["uid"] for pod in stay if now - _created(pod) < budget.min_runtime)


def _ending(state: ScalingState, ctx: Context) -> int:
    return sum(not _is_held(pod) for pod in ctx.store.pods_of_pool(state.uid) if not is_finished(pod))


def _created(pod: Object) -> float:
    return seconds(pod["metadata"]["creationTimestamp"])


def _entitlement(allowance: Allowance, replicas: int) -> Entitlement:
    receiver, giver = (
        max(named, key=lambda name: named[name], default="") for named in (allowance.gives, allowance.givers)
    )
    return Entitlement(replicas, sum(allowance.gives.values()), receiver, allowance.waits, giver)


def _surge(state: ScalingState, ctx: Context, wanted: int) -> int:
    """How many pods above its number the pool would like to have: none unless workers are to take others' places."""
    assert state.effective is not None  # noqa: S101 - for the type checker: scale has made sure
    if is_stateful(state.spec):
        return 0
    alive = {revision_label(one) for one in ctx.store.children_of_pool(state.uid) if one["spec"].get("replicas", 1)}
    if not alive or (alive == {state.revision} and not _evacuates(state, ctx)):
        return 0
    limits = (state.effective.get("rollout.maxSurge"), state.effective.get("rollout.maxUnavailable"))
    return bounds(*limits, wanted).surge


def _evacuates(state: ScalingState, ctx: Context) -> bool:
    leaving = ctx.store.leaving_nodes()
    return bool(leaving) and any(pod["spec"].get("nodeName") in leaving for pod in ctx.store.pods_of_pool(state.uid))


def _members(budget: Budget, ctx: Context) -> Sequence[Member]:
    pools = ctx.store.unclaimed(meta.WORKER_POOL.kind, budget.policy.namespace or None)
    mine = (pool for pool in pools if (found := budget_of(pool, ctx)) and found.policy.uid == budget.policy.uid)
    return [Member(key_of(pool), claim_of(pool, ctx, budget.min_runtime)) for pool in mine]


def claim_of(pool: Object, ctx: Context, min_runtime: float) -> Claim:
    metadata, spec = pool["metadata"], pool["spec"]
    pods = [pod for pod in ctx.store.pods_of_pool(metadata["uid"]) if not is_finished(pod)]
    stay = [pod for pod in pods if serves(pod)]
    asked = ctx.budgets.asked.get(metadata["uid"])
    serving = _serving(pool, asked, len(stay))
    held = sum(map(_is_held, pods))
    existing = max(len(pods), _coming(ctx.store.children_of_pool(metadata["uid"]), pods), serving + len(pods) - held)
    fixed = bool(spec.get("paused"))
    demand, minimum = (serving, serving) if fixed else _wanted(pool, asked, serving)
    return Claim(
        uid=metadata["uid"],
        name=f"{metadata['namespace']}/{metadata['name']}",
        demand=demand,
        minimum=minimum,
        priority=spec.get("priority") or 0,
        existing=max(existing, asked.most if asked else 0),
        serving=serving,
        held=held,
        takeable=0 if asked is None or fixed else _takeable(pool, stay, ctx, min_runtime),
    )


def _serving(pool: Object, asked: Asked | None, pods: int) -> int:
    if "deletionTimestamp" in pool["metadata"]:
        return 0
    if asked is not None:
        return asked.serving
    desired = (pool.get("status") or {}).get("desiredReplicas")
    return pods if desired is None else int(desired)


def _wanted(pool: Object, asked: Asked | None, serving: int) -> tuple[int, int]:
    """Demand and lower bound. A pool that is deleted wants nothing; one not looked at yet wants what it has."""
    if "deletionTimestamp" in pool["metadata"]:
        return 0, 0
    return (asked.demand, asked.minimum) if asked is not None else (serving, 0)


def _coming(deployments: Iterable[Object], pods: Sequence[Object]) -> int:
    """Every pod that exists, and those that a Deployment may bring at any moment."""
    ending = sum("deletionTimestamp" in pod["metadata"] for pod in pods)
    return ending + sum(int(deployment["spec"].get("replicas", 1)) for deployment in deployments)


def _takeable(pool: Object, stay: Sequence[Object], ctx: Context, min_runtime: float) -> int:
    now = ctx.clock().timestamp()
    old = [pod for pod in stay if now - _created(pod) >= min_runtime]
    if len(old) == len(stay):
        return len(stay)
    idle = idle_pods(pool, ctx)
    return sum(pod in old or pod["metadata"]["name"] in idle for pod in stay)


def idle_pods(pool: Object, ctx: Context) -> set[str]:
    """Names of the pods all of whose processes say that they hold no job; who says nothing may be busy."""
    idle: set[str] = set()
    busy: set[str] = set()
    for queue in pool["spec"]["queues"]:
        sighting = ctx.observations.latest(QueueName(pool["metadata"]["namespace"], queue["name"]))
        reading = sighting.value.readable if sighting is not None else None
        if reading is None:
            return set()
        for record in reading.workers.everyone.values():
            fresh = not record.stale(reading.time)
            (idle if fresh and not record.in_flight else busy).add(record.pod)
    return idle - busy


def _is_held(pod: Object) -> bool:
    """Whether it serves, or would if it were not asked to leave any more."""
    marked = meta.LABEL_DRAINED in (pod["metadata"].get("labels") or {})
    return not marked and "deletionTimestamp" not in pod["metadata"]
