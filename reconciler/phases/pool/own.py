"""What the pool owns beside its workers: the finalizer, the configuration, the disruption budget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from crds import meta
from kube.errors import NotFound
from kube.resources import CONFIG_MAPS, POD_DISRUPTION_BUDGETS, PODS
from policies.effective import Effective
from reconciler.children.budget import disruption_budget
from reconciler.children.config import config_map, configuration
from reconciler.children.names import APPLIED, QUEUES
from reconciler.children.queue_notes import note
from reconciler.context import Context
from reconciler.edits import merge
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState

FIELD_MANAGER: Final = "headgate"
"""Who applies."""


async def hold(state: PoolState, ctx: Context) -> None:
    """The finalizer stands before the first child does. A pool whose queue is missing waits for it."""
    finalizers = state.obj["metadata"].get("finalizers") or []
    if meta.DRAIN_FINALIZER not in finalizers and not state.frozen and state.namespace not in ctx.ending:
        await _finalizers(state, ctx, [*finalizers, meta.DRAIN_FINALIZER])


async def release_finalizer(state: PoolState, ctx: Context) -> None:
    finalizers = state.obj["metadata"].get("finalizers") or []
    if meta.DRAIN_FINALIZER in finalizers:
        await _finalizers(state, ctx, [one for one in finalizers if one != meta.DRAIN_FINALIZER])


async def configure(state: PoolState, ctx: Context) -> None:
    """Bring configuration and budget to what is in force; workers read the first without a restart."""
    if state.frozen or state.effective is None:
        return
    content, wanted, queues = _wanted(state, state.effective)
    state.generation_of_config = content["generation"]
    memory = memory_of(state, ctx)
    now = ctx.monotonic()
    child = state.child
    if not memory.applied and child is not None and _noted(child) == wanted:
        # An earlier process applied it; it is applied again some time within a resync, not all of them at every start.
        memory.applied_at = now - ctx.rng.random() * ctx.settings.resync
        memory.applied, memory.generation = wanted, content["generation"]
    if memory.applied != wanted or _once_more(state, ctx, memory.applied_at + ctx.settings.resync, now):
        await ctx.client.apply(CONFIG_MAPS, config_map(state.owner, content), FIELD_MANAGER)
        await _budget(state, ctx, guarded=state.guard != "None")
        memory.applied, memory.applied_at, memory.generation = wanted, now, content["generation"]
        ctx.turns.drop((state.uid, "applied"))
    if child is not None and (_noted(child), _noted(child, QUEUES)) != (wanted, queues):
        await _note(ctx, child, {APPLIED: wanted, QUEUES: queues})
    await _unguard(state, ctx)
    await _nudge(state, ctx)


def _once_more(state: PoolState, ctx: Context, earliest: float, now: float) -> bool:
    """Whether to apply what was applied before: each pool in its turn, or many of them would do so at once."""
    turn = ctx.turns.of((state.uid, "applied"), earliest, now)
    if now < turn:
        state.again(turn - now)
    return now >= turn


def _noted(child: Mapping[str, Any], annotation: str = APPLIED) -> str:
    """The digest of what was applied last, as it stands on the child."""
    return str((child["metadata"].get("annotations") or {}).get(annotation, ""))


async def _note(ctx: Context, child: Mapping[str, Any], annotations: Mapping[str, str]) -> None:
    try:
        await merge(ctx, child, {"metadata": {"annotations": annotations}})
    except NotFound:
        return


def _wanted(state: PoolState, effective: Effective) -> tuple[Mapping[str, Any], str, str]:
    """The configuration, a digest of it and the budget, and what is noted of the queues."""
    known = state.resolved
    if known is not None and known.content is not None:
        return known.content, known.digest, known.queues
    content, queues = configuration(state.owner, effective, state.worked), note(state.worked)
    digest = sha256(json.dumps([content, state.guard != "None", state.uid]).encode()).hexdigest()
    if known is not None:
        known.content, known.digest, known.queues = content, digest, queues
    return content, digest, queues


async def _budget(state: PoolState, ctx: Context, *, guarded: bool) -> None:
    if guarded:
        await ctx.client.apply(POD_DISRUPTION_BUDGETS, disruption_budget(state.owner), FIELD_MANAGER)
        return
    try:
        await ctx.client.delete(POD_DISRUPTION_BUDGETS, state.owner.disruption_budget, state.namespace)
    except NotFound:
        return


async def _nudge(state: PoolState, ctx: Context) -> None:
    """Have the kubelet bring the new file now: it refreshes volumes when the pod changes, else about once a minute."""
    for pod in state.view.pods:
        worker = state.view.workers.get(pod["metadata"]["uid"])
        told = (pod["metadata"].get("annotations") or {}).get(meta.ANNOTATION_CONFIG_GENERATION)
        if worker is None or not worker.config_generations or told == state.generation_of_config:
            continue
        if worker.config_generations == {state.generation_of_config}:
            continue
        await _annotate(ctx, pod, {meta.ANNOTATION_CONFIG_GENERATION: state.generation_of_config})


async def _unguard(state: PoolState, ctx: Context) -> None:
    """Pods say where their pool wants no delete guard, so that the guard need not know pools."""
    wanted = None if state.guard == "Deletes" else state.guard
    for pod in state.view.pods:
        if (pod["metadata"].get("annotations") or {}).get(meta.ANNOTATION_GUARD) != wanted:
            await _annotate(ctx, pod, {meta.ANNOTATION_GUARD: wanted})


async def _annotate(ctx: Context, pod: Mapping[str, Any], annotations: Mapping[str, str | None]) -> None:
    metadata = pod["metadata"]
    patch = {"metadata": {"uid": metadata["uid"], "annotations": annotations}}
    try:
        await ctx.client.merge_patch(PODS, metadata["name"], metadata["namespace"], patch)
    except NotFound:
        return


async def _finalizers(state: PoolState, ctx: Context, wanted: list[str]) -> None:
    version = state.obj["metadata"]["resourceVersion"]
    state.obj = await merge(ctx, state.obj, {"metadata": {"resourceVersion": version, "finalizers": wanted}})
