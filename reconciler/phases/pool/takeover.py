"""Takes over the workers of a Deployment that is not ours: it is paused, labelled, and drained like an old revision.

All that is remembered stands on the objects: the annotation `headgate.dev/taken-over-by` on the Deployment, our labels
on its pods. When its last worker has gone, or nobody wants it any more, it is its owner's again, at the replicas it
has then. It is never deleted and never made larger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crds import meta
from kube.errors import Conflict, Invalid, NotFound
from kube.resources import AUTOSCALERS, DEPLOYMENTS, PODS
from reconciler import former
from reconciler.conditions import TAKEN_OVER
from reconciler.context import Context
from reconciler.edits import merge
from reconciler.phases.pool.aim import replicas_of
from reconciler.phases.pool.former_view import read
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.reasons import Reason

LOOK_SECONDS: Final = 2.0
DONE_SECONDS: Final = 60.0
"""How often one that has nothing left is looked at: whoever made it may scale it up again."""
LABELS: Final = (meta.LABEL_POOL, meta.LABEL_POOL_UID, meta.LABEL_DRAINED)
ANNOTATIONS: Final = (
    meta.ANNOTATION_DRAIN,
    meta.ANNOTATION_DRAINED_INSTANCE,
    meta.ANNOTATION_DELETION_COST,
    meta.ANNOTATION_CONFIG_GENERATION,
    meta.ANNOTATION_GUARD,
)
"""What is ours on a pod that another Deployment has made."""

Object = Mapping[str, Any]


async def take_over(state: PoolState, ctx: Context) -> None:
    """Before anything is decided about replicas, so that its workers count from the beginning."""
    if state.frozen:
        return
    await _give_back_others(state, ctx)
    memory, name = memory_of(state, ctx), state.taken_name
    if not name:
        return
    if memory.former_done and ctx.monotonic() - memory.former_done[0] < DONE_SECONDS:
        state.conditions.true(TAKEN_OVER, Reason.TAKEN_OVER, memory.former_done[1])
        return
    memory.former_done = None
    found = await read(state, ctx)
    if found is None:
        _done(state, ctx, f"There is no Deployment {name}")
        return
    deployment, pods = found
    if not pods and not replicas_of(deployment):
        _done(state, ctx, f"Deployment {name} has no workers left: delete it")
        return
    state.again(LOOK_SECONDS)
    state.inherited = replicas_of(deployment)
    state.taken = True
    obstacle = await _obstacle(state, ctx, deployment)
    if obstacle is not None:
        state.conditions.false(TAKEN_OVER, obstacle.reason, obstacle.message)
        state.untouchable = True
        return
    state.conditions.false(TAKEN_OVER, Reason.TAKING_OVER, _how(state, deployment))
    await _claim(state, ctx, deployment, pods)


async def give_back(state: PoolState, ctx: Context) -> None:
    """The pool is deleted: what it has not yet taken stays where it was."""
    await _give_back_others(state, ctx, all_of_them=True)


async def _obstacle(state: PoolState, ctx: Context, deployment: Object) -> former.Obstacle | None:
    scalers = (await ctx.client.list(AUTOSCALERS, state.namespace)).items
    pools = ctx.store.all(meta.WORKER_POOL.kind, state.namespace)
    return former.obstacle(deployment, pools, scalers, warm=state.warm, taken=_claimed(state, deployment))


async def _claim(state: PoolState, ctx: Context, deployment: Object, pods: Sequence[Object]) -> None:
    """Nobody's edit of it rolls a worker any more, and the guard knows its pods."""
    if not (_claimed(state, deployment) and deployment["spec"].get("paused")):
        # One that its owner has paused stays so when it is given back.
        value = f"{state.name}/paused" if deployment["spec"].get("paused") else state.name
        spec, annotations = {"paused": True}, {meta.ANNOTATION_TAKEN_OVER: value}
        await _patch(state, ctx, deployment, {"metadata": {"annotations": annotations}, "spec": spec})
    for pod in former.unlabelled(pods):
        labels = {meta.LABEL_POOL: state.name, meta.LABEL_POOL_UID: state.uid}
        try:
            await merge(ctx, pod, {"metadata": {"labels": labels}})
        except (Conflict, NotFound):
            continue


async def _give_back_others(state: PoolState, ctx: Context, *, all_of_them: bool = False) -> None:
    """Pods of ours that no revision of ours made belong to a Deployment; it may not be the one that is taken now."""
    kept = "" if all_of_them else state.taken_name
    strays = [pod for pod in ctx.store.pods_of_pool(state.uid) if _is_stray(pod)]
    names = {former.deployment_of(pod) for pod in strays} | ({state.taken_name} if all_of_them else set())
    for pod in strays:
        if former.deployment_of(pod) != kept:
            released = {"labels": dict.fromkeys(LABELS), "annotations": dict.fromkeys(ANNOTATIONS)}
            try:
                patch = {"metadata": {"uid": pod["metadata"]["uid"], **released}}
                await ctx.client.merge_patch(PODS, pod["metadata"]["name"], state.namespace, patch)
            except (Conflict, NotFound):
                continue
    for name in names - {kept, ""}:
        await _unclaim(state, ctx, name)


async def _unclaim(state: PoolState, ctx: Context, name: str) -> None:
    try:
        deployment = await ctx.client.get(DEPLOYMENTS, name, state.namespace)
    except NotFound:
        return
    if _claimed(state, deployment):
        spec = {} if _claim_of(deployment).endswith("/paused") else {"paused": None}
        annotations = {meta.ANNOTATION_TAKEN_OVER: None}
        await _patch(state, ctx, deployment, {"metadata": {"annotations": annotations}, "spec": spec})


async def _patch(state: PoolState, ctx: Context, deployment: Object, patch: Mapping[str, Any]) -> None:
    metadata = deployment["metadata"]
    tests = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    try:
        whole = {**patch, "metadata": {**patch["metadata"], **tests}}
        await ctx.client.merge_patch(DEPLOYMENTS, metadata["name"], state.namespace, whole)
    except (Conflict, Invalid, NotFound):
        state.again(LOOK_SECONDS)


def _is_stray(pod: Object) -> bool:
    return meta.LABEL_REVISION not in (pod["metadata"].get("labels") or {})


def _claimed(state: PoolState, deployment: Object) -> bool:
    return _claim_of(deployment).partition("/")[0] == state.name


def _claim_of(deployment: Object) -> str:
    return str((deployment["metadata"].get("annotations") or {}).get(meta.ANNOTATION_TAKEN_OVER, ""))


def _done(state: PoolState, ctx: Context, message: str) -> None:
    memory_of(state, ctx).former_done = (ctx.monotonic(), message)
    state.conditions.true(TAKEN_OVER, Reason.TAKEN_OVER, message)


def _how(state: PoolState, deployment: Object) -> str:
    if state.warm:
        grace = former.grace_of(deployment)
        return (
            f"Workers of Deployment {state.taken_name} get SIGTERM and their own {grace} s for what they run; what"
            " outlives that is cut off"
        )
    return f"Workers of Deployment {state.taken_name} leave when they have proved themselves idle"
