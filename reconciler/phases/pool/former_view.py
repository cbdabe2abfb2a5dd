"""The Deployment that a pool takes over, as it is now, and beside the pool's own children as a revision of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kube.errors import NotFound
from kube.resources import DEPLOYMENTS, PODS
from reconciler import former
from reconciler.context import Context
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import View

Object = Mapping[str, Any]


async def read(state: PoolState, ctx: Context) -> tuple[Object, list[Object]] | None:
    """It and its pods; None where it is not there."""
    try:
        deployment = await ctx.client.get(DEPLOYMENTS, state.taken_name, state.namespace)
    except NotFound:
        return None
    listed = (await ctx.client.list(PODS, state.namespace, former.selector_of(deployment))).items
    return deployment, [pod for pod in listed if former.deployment_of(pod) == state.taken_name]


async def with_former(state: PoolState, ctx: Context, view: View) -> View:
    found = await read(state, ctx) if state.taken else None
    if found is None:
        return view
    deployment, pods = found
    state.unlabelled = bool(former.unlabelled(pods))
    theirs = {pod["metadata"]["uid"] for pod in pods}
    own = [pod for pod in view.pods if pod["metadata"]["uid"] not in theirs]
    as_ours = [former.as_revision(pod, state.taken_name) for pod in pods]
    return View([*view.children, former.as_revision(deployment, state.taken_name)], [*own, *as_ours])
