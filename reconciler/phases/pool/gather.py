"""What a replica decision is made from, out of the store and what is remembered: no request is made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from crds import duration, meta
from reconciler.context import Context
from reconciler.observations import QueueName
from reconciler.phases.pool.demand import QueueWorld, Workers
from reconciler.phases.pool.scaling_state import ScalingState, memory_of
from reconciler.phases.pool.serving import may_start, serves, serving, starts
from reconciler.phases.queue.known import known
from reconciler.plans.shares import Sharer, share


def worlds(state: ScalingState, ctx: Context) -> list[QueueWorld]:
    """Every queue that the pool names, in its order."""
    return [_world(state, ctx, reference) for reference in state.spec["queues"]]


def current(state: ScalingState, ctx: Context) -> int:
    """The number served with until now; the pods are counted where status does not tell yet."""
    desired = state.status.get("desiredReplicas")
    if desired is not None:
        return int(desired)
    return max(state.inherited, sum(serves(pod) for pod in ctx.store.pods_of_pool(state.uid)))


def workers(state: ScalingState, ctx: Context, queues: Sequence[QueueWorld]) -> Workers:
    assert state.effective is not None  # noqa: S101 - for the type checker: scale has made sure
    pods = ctx.store.pods_of_pool(state.uid)
    startups = memory_of(state, ctx).startups
    startups.saw(starts(pods))
    readings = [reading for queue in queues if (reading := queue.readable) is not None]
    patience = duration.seconds(state.effective.get("rollout.progressDeadline"))
    return Workers(serving(pods, readings, state.now, patience), startups.measured)


def _world(state: ScalingState, ctx: Context, reference: Mapping[str, Any]) -> QueueWorld:
    name = str(reference["name"])
    queue = ctx.store.queue(state.namespace, name)
    if queue is None or _gone(queue):
        return QueueWorld(name)
    wait = (state.spec["scaling"].get("wait") or {}).get("target")
    return QueueWorld(
        name=name,
        spec=queue["spec"],
        effective=known(queue, ctx).effective,
        sighting=ctx.observations.latest(QueueName(state.namespace, name)),
        wait_target=reference.get("waitTarget") or wait,
        share=_share(state, ctx, name),
    )


def _share(state: ScalingState, ctx: Context, queue: str) -> Fraction:
    pools = ctx.store.pools_of_queue(state.namespace, queue)
    if len(pools) < 2:
        return Fraction(1)
    return share(state.uid, [_sharer(pool, ctx) for pool in pools])


def _sharer(pool: Mapping[str, Any], ctx: Context) -> Sharer:
    spec, status = pool["spec"], pool.get("status") or {}
    return Sharer(
        uid=pool["metadata"]["uid"],
        max_replicas=spec["scaling"]["maxReplicas"],
        concurrency=spec.get("concurrency") or 1,
        ready=status.get("readyReplicas") or 0,
        able=_able(pool, ctx),
    )


def _able(pool: Mapping[str, Any], ctx: Context) -> bool:
    """Whether it may get more workers, and they come to work."""
    spec, status = pool["spec"], pool.get("status") or {}
    if spec.get("paused") or spec.get("hold") or "deletionTimestamp" in pool["metadata"]:
        return False
    conditions = {condition["type"]: condition for condition in status.get("conditions") or ()}
    if "Stalled" in conditions or status.get("readyReplicas") or not status.get("desiredReplicas"):
        return "Stalled" not in conditions
    # Nobody is ready although somebody is wanted: it is starting, or it is broken.
    pods = [pod for pod in ctx.store.pods_of_pool(pool["metadata"]["uid"]) if serves(pod)]
    return not pods or any(may_start(pod) for pod in pods)


def _gone(queue: Mapping[str, Any]) -> bool:
    """Whether it is deleted for the pool too: one that is worked off first, as its finalizer says, goes on counting."""
    metadata = queue["metadata"]
    return "deletionTimestamp" in metadata and meta.DRAIN_FINALIZER not in metadata.get("finalizers", ())
