"""What is done when the reconciler's own namespace is deleted: everything is let go of, because nobody will come after.

The namespace takes the reconciler and its rights away, kind after kind in no order. Before the first it waits for five
seconds, so that all API servers have heard of the end; whoever looks every two seconds is always in time. Beside that
the first pass over anything that is deleted looks, and so does a reconciler that is told to stop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from crds import meta
from kube.errors import ApiError, Conflict, Forbidden, Invalid, NotFound
from kube.resources import NAMESPACES
from reconciler.context import Context
from reconciler.status import RESOURCES

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0


async def keep(ctx: Context) -> None:
    """Runs until it is cancelled, or its rights are gone with everything else."""
    namespace = ctx.settings.namespace or ctx.client.connection.namespace
    while True:
        if await ends(ctx, namespace):
            await let_go_of_all(ctx)
        await asyncio.sleep(LOOK_SECONDS)


async def ends(ctx: Context, namespace: str) -> bool:
    """Whether the namespace is being deleted; where that can't be read, nothing is given up."""
    try:
        found = await ctx.client.get(NAMESPACES, namespace)
    except ApiError as error:
        log.warning("reading namespace %s: %s", namespace, error)
        return False
    if "deletionTimestamp" not in found["metadata"]:
        return False
    if namespace not in ctx.ending:
        log.info("namespace %s is being deleted: letting go of everything in it", namespace)
    ctx.ending.add(namespace)
    return True


async def let_go_of_all(ctx: Context) -> None:
    """Take our finalizer off everything in namespaces that end."""
    ending: dict[str, bool] = {}
    for kind in (meta.QUEUE.kind, meta.WORKER_POOL.kind):
        for obj in list(ctx.store.all(kind)):
            namespace = obj["metadata"]["namespace"]
            if namespace not in ending:
                ending[namespace] = await ends(ctx, namespace)
            if ending[namespace]:
                await let_go_of(ctx, kind, obj)


async def let_go_of(ctx: Context, kind: str, obj: Mapping[str, Any]) -> None:
    metadata = obj["metadata"]
    finalizers = metadata.get("finalizers") or []
    if meta.DRAIN_FINALIZER not in finalizers:
        return
    at = f"/metadata/finalizers/{finalizers.index(meta.DRAIN_FINALIZER)}"
    patch = [{"op": "test", "path": at, "value": meta.DRAIN_FINALIZER}, {"op": "remove", "path": at}]
    try:
        await ctx.client.json_patch(RESOURCES[kind], metadata["name"], metadata["namespace"], patch)
    except (Conflict, Forbidden, Invalid, NotFound) as error:
        log.info("letting go of %s %s: %s", kind, metadata["name"], error)
