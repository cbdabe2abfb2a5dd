"""Gives running workers another size in place where the cluster can, instead of a revision that replaces them.

A child stays the one it was, template included: what is born from it in its first size is resized a moment later. Where
a size is refused, or no node could ever give it, that is written on the child, and the sizes make a revision after all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crds import meta
from kube.errors import Conflict, Forbidden, Invalid, NotFound
from kube.resources import PODS
from reconciler.children.revision import revision_of
from reconciler.children.sizes import Sizes, differing, shape_of, sizes_of
from reconciler.conditions import RECONCILING
from reconciler.context import Context
from reconciler.edits import merge
from reconciler.phases.pool.pods import is_finished
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import revision_label
from reconciler.reasons import Reason

SUBRESOURCE: Final = "resize"
LOOK_SECONDS: Final = 2.0
VERTICAL: Final = "vpaUpdates"
"""The annotation by which a VerticalPodAutoscaler says that it has set what the pod asks for."""
PENDING: Final = "PodResizePending"
UNDER_WAY: Final = (PENDING, "PodResizeInProgress")

Object = Mapping[str, Any]


async def adopt(state: PoolState, ctx: Context) -> None:
    """The revision that the spec asks for is one that is there, where only sizes are between the two."""
    if state.template is None or state.frozen:
        return
    wanted = state.revision or revision_of(state.template)
    children = ctx.store.children_of_pool(state.uid)
    if any(revision_label(child) == wanted for child in children):
        return
    shape = shape_of(state.template)
    alike = [child for child in children if _may_become(child, shape, wanted)]
    if alike and await _resizes(ctx):
        newest = max(alike, key=lambda child: str(child["metadata"]["creationTimestamp"]))
        state.revision, state.sizes_of = revision_label(newest), wanted


async def resize(state: PoolState, ctx: Context) -> None:
    """Every worker of the present revision to the size that is wanted now."""
    if state.template is None or state.frozen:
        return
    pods = [pod for pod in state.view.pods if revision_label(pod) == state.revision and _lives(pod)]
    refused, wanted = memory_of(state, ctx).unresizable, sizes_of(state.template["spec"])
    sizes = [
        (pod, found)
        for pod in pods
        if (found := differing(pod["spec"], wanted)) and _attempt(pod, found) not in refused
    ]
    if sizes and await _resizes(ctx):
        for pod, found in sizes:
            if not await _resize(state, ctx, pod, found):
                break
        state.again(LOOK_SECONDS)
    hopeless = [pod for pod in pods if _condition(pod, PENDING).get("reason") == "Infeasible"]
    if hopeless and not sizes:
        await _refuse(state, ctx, str(_condition(hopeless[0], PENDING).get("message", "")))
    elif sizes or any(_condition(pod, kind) for pod in pods for kind in UNDER_WAY):
        state.again(LOOK_SECONDS)
        state.conditions.true(RECONCILING, Reason.RESIZING, "Workers are given other resources where they are")


def _may_become(child: Object, shape: str, revision: str) -> bool:
    annotations = child["metadata"].get("annotations") or {}
    failed = meta.ANNOTATION_FAILED in annotations
    alike = annotations.get(meta.ANNOTATION_SHAPE) == shape
    return (
        alike
        and not failed
        and bool(child["spec"].get("replicas"))
        and annotations.get(meta.ANNOTATION_NO_RESIZE) != revision
    )


async def _resizes(ctx: Context) -> bool:
    """Whether the API server knows the subresource; asked once."""
    if ctx.resizes is None:
        ctx.resizes = await ctx.client.serves_subresource(PODS, SUBRESOURCE)
    return ctx.resizes


async def _resize(state: PoolState, ctx: Context, pod: Object, sizes: Sizes) -> bool:
    """Whether the others may be tried too."""
    metadata, containers = pod["metadata"], pod["spec"]["containers"]
    operations: list[dict[str, Any]] = [{"op": "test", "path": "/metadata/uid", "value": metadata["uid"]}]
    for place, container in enumerate(containers):
        if container["name"] in sizes:
            operations += _operations(f"/spec/containers/{place}", container, sizes[container["name"]])
    try:
        await ctx.client.json_patch(PODS, metadata["name"], state.namespace, operations, subresource=SUBRESOURCE)
    except (Conflict, NotFound):
        return True
    except (Forbidden, Invalid) as refusal:
        memory_of(state, ctx).unresizable.add(_attempt(pod, sizes))
        await _refuse(state, ctx, refusal.message)
        return False
    return True


def _operations(path: str, container: Object, sizes: Mapping[str, Mapping[str, str]]) -> Sequence[dict[str, Any]]:
    resources = container.get("resources") or {}
    merged = {kind: {**(resources.get(kind) or {}), **wanted} for kind, wanted in sizes.items() if wanted}
    return [
        {"op": "test", "path": f"{path}/name", "value": container["name"]},
        {"op": "add", "path": f"{path}/resources", "value": {**resources, **merged}},
    ]


async def _refuse(state: PoolState, ctx: Context, why: str) -> None:
    """From the next pass on the sizes are a revision like any other change."""
    child = state.child
    if child is None or not state.sizes_of:
        return
    try:
        await merge(ctx, child, {"metadata": {"annotations": {meta.ANNOTATION_NO_RESIZE: state.sizes_of}}})
    except (Conflict, NotFound):
        return
    ctx.events.normal(state.obj, Reason.RESIZE_REFUSED, f"Not in place, so by a new revision: {why}")
    state.again(LOOK_SECONDS)


def _attempt(pod: Object, sizes: Sizes) -> str:
    return f"{pod['metadata']['uid']} {sizes}"


def _lives(pod: Object) -> bool:
    """Whether it runs, and no vertical autoscaler has its size."""
    if VERTICAL in (pod["metadata"].get("annotations") or {}):
        return False
    return "deletionTimestamp" not in pod["metadata"] and not is_finished(pod) and bool(pod["spec"].get("nodeName"))


def _condition(pod: Object, kind: str) -> Object:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] == kind and one["status"] == "True"), {})
