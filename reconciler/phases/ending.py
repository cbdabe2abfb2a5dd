"""What is done when the reconciler's own namespace is deleted: everything is let go of, because nobody will come after.

The namespace takes the reconciler and its rights away, kind after kind in no order. Before the first it waits for five
seconds, so that all API servers have heard of the end: time for whoever looks every second and does nothing else from
then on. Beside that the first pass over anything that is deleted looks, and so does a reconciler that is told to stop.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from crds import meta
from kube.errors import ApiError, Conflict, Forbidden, Invalid, NotFound
from kube.resources import NAMESPACES
from reconciler.context import Context
from reconciler.edits import Object, edit
from reconciler.status import RESOURCES

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
HURRY_SECONDS: Final = 0.2
"""How soon what could not be let go of is tried again."""
AT_ONCE: Final = 16


async def keep(ctx: Context) -> None:
    """Runs until it is cancelled, or its rights are gone with everything else."""
    while True:
        await ends(ctx, ctx.namespace)
        for namespace in list(ctx.ending):
            try:
                await _let_go_in(ctx, namespace)
            except ApiError as error:
                log.warning("letting go of what is in namespace %s: %s", namespace, error)
        await asyncio.sleep(HURRY_SECONDS if ctx.ending else LOOK_SECONDS)


async def ends(ctx: Context, namespace: str) -> bool:
    """Whether the namespace is being deleted; where that can't be read, what was known counts."""
    try:
        found = await ctx.client.get(NAMESPACES, namespace)
    except NotFound:
        ctx.ending.discard(namespace)
        return False
    except ApiError as error:
        log.warning("reading namespace %s: %s", namespace, error)
        return namespace in ctx.ending
    if "deletionTimestamp" not in found["metadata"]:
        # There may be another one of the same name by now.
        ctx.ending.discard(namespace)
        return False
    if namespace not in ctx.ending:
        log.info("namespace %s is being deleted: letting go of everything in it", namespace)
    ctx.ending.add(namespace)
    return True


async def let_go_of_all(ctx: Context) -> None:
    """Take our finalizer off everything in namespaces that end."""
    kinds = (meta.QUEUE.kind, meta.WORKER_POOL.kind)
    for namespace in {obj["metadata"]["namespace"] for kind in kinds for obj in ctx.store.all(kind)}:
        if await ends(ctx, namespace):
            await _let_go_in(ctx, namespace)


async def let_go_of(ctx: Context, kind: str, obj: Object) -> Object:
    """Take our finalizer off one object, as it is now where it is no longer as it was known; the object afterwards."""
    metadata = obj["metadata"]
    try:
        try:
            return await _take_off(ctx, obj)
        except (Conflict, Invalid):
            found = await ctx.client.get(RESOURCES[kind], metadata["name"], metadata["namespace"])
            return await _take_off(ctx, found)
    except (Conflict, Forbidden, Invalid, NotFound) as error:
        log.info("letting go of %s %s: %s", kind, metadata["name"], error)
        return obj


async def _take_off(ctx: Context, obj: Object) -> Object:
    finalizers = obj["metadata"].get("finalizers") or []
    if meta.DRAIN_FINALIZER not in finalizers:
        return obj
    at = f"/metadata/finalizers/{finalizers.index(meta.DRAIN_FINALIZER)}"
    patch = ({"op": "test", "path": at, "value": meta.DRAIN_FINALIZER}, {"op": "remove", "path": at})
    return await edit(ctx, obj, patch)


async def _let_go_in(ctx: Context, namespace: str) -> None:
    kinds = (meta.QUEUE.kind, meta.WORKER_POOL.kind)
    there = [(kind, obj) for kind in kinds for obj in ctx.store.all(kind, namespace)]
    held = [(kind, obj) for kind, obj in there if meta.DRAIN_FINALIZER in (obj["metadata"].get("finalizers") or ())]
    for first in range(0, len(held), AT_ONCE):
        await asyncio.gather(*(let_go_of(ctx, kind, obj) for kind, obj in held[first : first + AT_ONCE]))
    if not there:
        ctx.ending.discard(namespace)
