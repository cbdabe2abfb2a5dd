"""The last phase: what the conditions and metrics say about the workers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

from crds import meta
from reconciler import metrics
from reconciler.conditions import READY, RECONCILING, STALLED
from reconciler.context import Context
from reconciler.phases.pool.aim_set import most_out
from reconciler.phases.pool.leaving import tell_leaving
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.reasons import Reason
from reconciler.workers import Activity

HINDRANCES: Final = frozenset({Reason.ROLLOUT_FAILED, Reason.NO_ROOM, Reason.LATENCY_BREACH})


async def judge(state: PoolState, ctx: Context) -> None:
    _ready(state)
    _tell_of_hindrance(state, ctx)
    tell_leaving(state, ctx)
    state.digest = _digest(state)
    memory = memory_of(state, ctx)
    if state.digest != memory.measured:
        memory.measured = state.digest
        _measure(state, ctx)


def _digest(state: PoolState) -> Hashable:
    """All that status and metrics are made from: where it stays the same, so do they."""
    view = state.view
    return (
        _versions((state.obj,)),
        state.resolved,
        state.revision,
        state.decision.to if state.decision else None,
        state.record,
        _versions(view.children),
        _versions(view.pods),
        tuple(view.workers.items()),
        frozenset(state.proved) if state.proved is not None else None,
        tuple(state.conditions.said().values()),
    )


def _versions(objects: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((one["metadata"]["uid"], one["metadata"]["resourceVersion"]) for one in objects)


def _ready(state: PoolState) -> None:
    if state.missing:
        state.conditions.false(READY, Reason.QUEUE_MISSING, f"There is no Queue {', '.join(state.missing)}")
        return
    if state.spec.get("paused"):
        state.conditions.true(READY, Reason.PAUSED, "spec.paused is set: nothing is changed")
        return
    if state.rolled_back:
        _gave_way(state)
        return
    wanted = state.decision.to if state.decision else 0
    ready = sum(pod.ready and pod.active for pod in state.view.pods_of(state.revision))
    if wanted == 0:
        state.conditions.true(READY, Reason.SCALED_TO_ZERO, "There is nothing to do, so there are no workers")
    elif ready >= wanted:
        state.conditions.true(READY, Reason.RECONCILED, "All wanted workers of the current revision are ready")
    else:
        state.conditions.false(READY, Reason.PROGRESSING, "Workers of the current revision are not all ready yet")
        state.conditions.true(RECONCILING, Reason.PROGRESSING, "Workers are starting")
    if _replaces(state) or (state.failure and wanted and not ready) or (state.cramped and ready < wanted):
        _rolling_out(state)


def _replaces(state: PoolState) -> bool:
    """Whether workers of an older revision are there. Where none are, a worker that is ready has not failed."""
    others = (name for name in state.view.revisions if name != state.revision)
    return any(pod.active for name in others for pod in state.view.pods_of(name))


def _gave_way(state: PoolState) -> None:
    message = (
        f"Revision {state.revision} has failed ({state.failure}) and {state.leader} serves; change the spec, or to try"
        f" again take the annotation {meta.ANNOTATION_FAILED} off its Deployment"
    )
    state.conditions.false(READY, Reason.ROLLED_BACK, message)
    state.conditions.true(STALLED, Reason.ROLLED_BACK, message)


def _rolling_out(state: PoolState) -> None:
    if state.failure:
        message = f"Revision {state.revision} has not proved itself in time: {state.failure}"
        state.conditions.false(READY, Reason.ROLLOUT_FAILED, message)
        state.conditions.true(STALLED, Reason.ROLLOUT_FAILED, message)
    elif state.cramped:
        message = f"No room for a worker of revision {state.revision}: {state.cramped}"
        state.conditions.true(RECONCILING, Reason.NO_ROOM, message)
    elif state.rollout_paused:
        message = f"No old worker is asked to leave: `headgate rollout resume wp/{state.name}` goes on"
        state.conditions.true(RECONCILING, Reason.ROLLOUT_PAUSED, message)
    elif state.late:
        message = "Jobs wait longer than their target, so no old worker is asked to leave"
        state.conditions.true(RECONCILING, Reason.LATENCY_BREACH, message)
    elif state.leader in (state.revision, ""):
        message = "Workers of an older revision are still there"
        if state.stateful and most_out(state) == 0:
            message += "; a StatefulSet has no surge, so rollout.maxUnavailable 0 counts as 1"
        state.conditions.true(RECONCILING, Reason.ROLLING_OUT, message)


def _tell_of_hindrance(state: PoolState, ctx: Context) -> None:
    """What keeps a rollout is told once for each revision; what stands in status was told by a former process."""
    memory = memory_of(state, ctx)
    stored = {one["reason"] for one in state.status.get("conditions") or ()}
    memory.hindered = {one for one in memory.hindered if one[0] == state.revision}
    for kind in (READY, RECONCILING):
        said = state.conditions.get(kind)
        if said is None or said.reason not in HINDRANCES or (state.revision, said.reason) in memory.hindered:
            continue
        memory.hindered.add((state.revision, said.reason))
        if said.reason not in stored:
            ctx.events.warning(state.obj, said.reason, said.message)


def _measure(state: PoolState, ctx: Context) -> None:
    pool, pods = (state.namespace, state.name), [pod for pod in state.view.all_pods if pod.active]
    jobs = [pod.worker.running for pod in pods if pod.worker.running is not None]
    counts = {
        "ready": sum(pod.ready for pod in pods),
        "busy": sum(pod.worker.activity in (Activity.BUSY, Activity.UNKNOWN) and pod.runs for pod in pods),
        "draining": sum(pod.request is not None for pod in pods),
    }
    for name, value in counts.items():
        ctx.metrics.set(metrics.POOL_REPLICAS, *pool, name, value=value)
    ctx.metrics.set(metrics.POOL_RUNNING, *pool, value=sum(jobs))
