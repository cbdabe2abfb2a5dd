"""Judges the revision that the spec asks for, and rolls it back where it has failed and `onFailure` says so.

That it has failed stands on its Deployment, so that it is not tried again and again; it is forgotten when the spec asks
for another revision, or when somebody takes the annotation off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import duration, meta
from kube.errors import Conflict, NotFound
from reconciler.children.workload import resource_of
from reconciler.context import Context
from reconciler.phases.pool.look import remembered
from reconciler.phases.pool.pods import is_finished, is_ready, pod_trouble, restarts_of, seconds
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import revision_label
from reconciler.plans.trial import Trial, Tried
from reconciler.reasons import Reason
from reconciler.workers import UNKNOWN

LONGEST: Final = 200
LOOK_SECONDS: Final = 5.0


async def trial(state: PoolState, ctx: Context) -> None:
    child = state.child
    if state.frozen or state.effective is None or child is None:
        return
    state.late = state.effective.get("rollout.onLatencyBreach") == "Pause" and _breached(state, ctx)
    for other in state.view.children:
        if _failure(other) and not failed_before(state, other):
            await _annotate(state, ctx, other, None)
    if failed_before(state, child):
        state.rolled_back, state.failure = True, failed_before(state, child)
        if state.view.pods_of(state.revision):
            # The one that takes over may not have served for long enough yet, and only time will tell.
            state.again(LOOK_SECONDS)
    elif state.revision not in state.proved_before:
        await _try(state, ctx, child)


async def _try(state: PoolState, ctx: Context, child: Mapping[str, Any]) -> None:
    assert state.effective is not None  # noqa: S101 - for the type checker: trial has looked
    tried = trial_of(state, child, waiting=jobs_wait(state, ctx))
    state.failure, state.cramped = tried.failure[:LONGEST], tried.cramped[:LONGEST]
    elder = _has_elder(state)
    if elder or tried.refused_seconds or not all(pod.ready for pod in tried.pods):
        state.again(LOOK_SECONDS)
    if state.failure and elder and state.effective.get("rollout.onFailure") == "Rollback":
        await _annotate(state, ctx, child, f"{state.revision} {state.failure}" if state.stateful else state.failure)
        state.rolled_back = True
        ctx.events.warning(state.obj, Reason.ROLLED_BACK, f"Revision {state.revision} has failed: {state.failure}")


def trial_of(state: PoolState, child: Mapping[str, Any], *, waiting: bool) -> Trial:
    assert state.effective is not None  # noqa: S101 - for the type checker: trial has looked
    pods = [pod for pod in state.view.pods if revision_label(pod) == state.revision and not is_finished(pod)]
    refused = next((one for one in (child.get("status") or {}).get("conditions") or () if _refuses(one)), None)
    return Trial(
        pods=[_tried(state, pod) for pod in pods],
        waiting=waiting,
        deadline=duration.seconds(state.effective.get("rollout.progressDeadline")),
        startup=state.startup,
        refused_seconds=state.now.timestamp() - seconds(refused["lastTransitionTime"]) if refused else 0.0,
        refusal=refused.get("message", "") if refused else "",
    )


def jobs_wait(state: PoolState, ctx: Context) -> bool:
    """Whether a job waits that a new worker could have taken; unknown counts as yes, what is paused as no."""
    observations = remembered(state, ctx)
    taken = [one.obj["metadata"]["name"] for one in state.worked if not one.obj["spec"].get("paused")]
    seen = [observations[name].waiting.value if name in observations else None for name in taken]
    return any(waiting is None or waiting > 0 for waiting in seen)


def failed_before(state: PoolState, child: Mapping[str, Any]) -> str:
    """Why the revision that the spec asks for has failed, as it stands on its child. A StatefulSet has had others, so
    there the failure names its revision.
    """
    if not state.stateful:
        return _failure(child) if revision_label(child) == state.revision else ""
    revision, _, failure = _failure(child).partition(" ")
    return failure if revision == state.revision else ""


def _failure(child: Mapping[str, Any]) -> str:
    return str((child["metadata"].get("annotations") or {}).get(meta.ANNOTATION_FAILED, ""))


def _has_elder(state: PoolState) -> bool:
    """Whether it replaces anything: a pool's first revision has nothing to go back to."""
    return any(revision != state.revision for revision in state.view.revisions)


def _tried(state: PoolState, pod: Mapping[str, Any]) -> Tried:
    worker = state.view.workers.get(pod["metadata"]["uid"], UNKNOWN)
    return Tried(
        age=state.now.timestamp() - seconds(pod["metadata"]["creationTimestamp"]),
        placed=bool(pod["spec"].get("nodeName")),
        ready=is_ready(pod),
        restarts=restarts_of(pod),
        running=worker.running or 0,
        succeeded=worker.succeeded,
        trouble=pod_trouble(pod),
    )


def _refuses(condition: Mapping[str, Any]) -> bool:
    return (condition["type"], condition["status"], condition.get("reason")) == (
        "ReplicaFailure",
        "True",
        "FailedCreate",
    )


def _breached(state: PoolState, ctx: Context) -> bool:
    """Whether the oldest job of a queue waits longer than its target; what is not known is no breach."""
    assert state.effective is not None  # noqa: S101 - for the type checker: trial has looked
    seen = remembered(state, ctx)
    for worked in state.worked:
        target = worked.reference.get("waitTarget") or state.effective.get("scaling.wait.target")
        observation = seen.get(worked.obj["metadata"]["name"])
        if target is None or observation is None or observation.oldest_enqueued.value is None:
            continue
        if observation.time - observation.oldest_enqueued.value > duration.seconds(target):
            return True
    return False


async def _annotate(state: PoolState, ctx: Context, child: Mapping[str, Any], value: str | None) -> None:
    metadata = child["metadata"]
    patch = {"metadata": {"uid": metadata["uid"], "annotations": {meta.ANNOTATION_FAILED: value}}}
    try:
        await ctx.client.merge_patch(resource_of(state.spec), metadata["name"], state.namespace, patch)
    except (Conflict, NotFound):
        state.again(LOOK_SECONDS)
