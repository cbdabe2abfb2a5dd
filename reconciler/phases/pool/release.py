"""A pool that is deleted: its workers drain, then everything it owns goes, then its finalizer.

Nothing here waits for ever on what is silent: workers that say nothing are removed when drain.timeout is over, with
SIGTERM and their grace period. One that says it is busy may finish, unless drain.onTimeout says otherwise.
"""

from __future__ import annotations

from typing import Final

from kube.errors import NotFound
from kube.resources import CONFIG_MAPS, DEPLOYMENTS, POD_DISRUPTION_BUDGETS, Resource
from reconciler.conditions import DRAINING
from reconciler.context import Context
from reconciler.errors import Waiting
from reconciler.phases.pool import look, own
from reconciler.phases.pool.drain import carry_out
from reconciler.phases.pool.state import PoolState
from reconciler.reasons import Reason

WAIT_SECONDS: Final = 1.0


async def empty(state: PoolState, ctx: Context) -> None:
    """Every revision down to no pod at all; a queue that is gone already makes its workers silent, not idle."""
    await look.look_anew(state, ctx)
    state.targets = dict.fromkeys(state.view.revisions, 0)
    await carry_out(state, ctx)
    if state.view.pods:
        state.conditions.true(DRAINING, Reason.DRAINING, "Deleted: workers finish their jobs before they go")
        raise Waiting(state.asked or WAIT_SECONDS, Reason.DRAINING, "Workers finish their jobs before they go")
    if any(one["spec"].get("replicas", 1) for one in state.view.deployments):
        raise Waiting(state.asked or WAIT_SECONDS, Reason.DRAINING, "The last workers are being removed")


async def let_go(state: PoolState, ctx: Context) -> None:
    for one in state.view.deployments:
        await _delete(state, ctx, DEPLOYMENTS, one["metadata"]["name"])
    await _delete(state, ctx, POD_DISRUPTION_BUDGETS, state.owner.disruption_budget)
    await _delete(state, ctx, CONFIG_MAPS, state.owner.config_map)
    await own.release_finalizer(state, ctx)
    look.forget(state, ctx)


async def _delete(state: PoolState, ctx: Context, resource: Resource, name: str) -> None:
    try:
        await ctx.client.delete(resource, name, state.namespace, propagation="Background")
    except NotFound:
        return
