"""A pool that is deleted: its workers drain, then everything it owns goes, then its finalizer.

Nothing here waits for ever on what is silent: workers that say nothing are removed when drain.timeout is over, with
SIGTERM and their grace period. One that says it is busy may finish, unless drain.onTimeout says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kube.errors import NotFound
from kube.resources import CONFIG_MAPS, POD_DISRUPTION_BUDGETS, Resource
from reconciler.children.workload import resource_of
from reconciler.conditions import DRAINING
from reconciler.context import Context
from reconciler.errors import Waiting
from reconciler.phases.ending import ends, let_go_of
from reconciler.phases.pool.aim_set import see_whether_stuck
from reconciler.phases.pool.drain import carry_out
from reconciler.phases.pool.guard import try_guard
from reconciler.phases.pool.leaving import tell_leaving
from reconciler.phases.pool.look import forget, look_anew
from reconciler.phases.pool.own import release_finalizer
from reconciler.phases.pool.pods import is_finished, seconds
from reconciler.phases.pool.state import PoolState
from reconciler.reasons import Reason

WAIT_SECONDS: Final = 1.0
LOST_SECONDS: Final = 30.0
"""A pod that is still there so long after the end of its grace period is on a node that does not answer."""


async def end_with_namespace(state: PoolState, ctx: Context) -> None:
    """Its workers are deleted with the namespace, whatever they do; nothing is to be waited for."""
    if await ends(ctx, state.namespace):
        await let_go_of(ctx, state.key.kind, state.obj)
        forget(state, ctx)
        raise Waiting(WAIT_SECONDS, Reason.NAMESPACE_ENDS, "The namespace is being deleted, and its workers with it")


async def empty(state: PoolState, ctx: Context) -> None:
    """Every revision down to no pod at all; a queue that is gone already makes its workers silent, not idle."""
    await look_anew(state, ctx)
    see_whether_stuck(state, ctx)
    await try_guard(state, ctx)
    state.targets = dict.fromkeys(state.view.revisions, 0)
    await carry_out(state, ctx)
    if any(_counts(pod, state) for pod in state.view.pods):
        state.conditions.true(DRAINING, Reason.DRAINING, "Deleted: workers finish their jobs before they go")
        tell_leaving(state, ctx)
        raise Waiting(state.asked or WAIT_SECONDS, Reason.DRAINING, "Workers finish their jobs before they go")
    if any(one["spec"].get("replicas", 1) for one in state.view.children):
        raise Waiting(state.asked or WAIT_SECONDS, Reason.DRAINING, "The last workers are being removed")


async def let_go(state: PoolState, ctx: Context) -> None:
    for one in state.view.children:
        metadata = one["metadata"]
        # As it was when it had no pods, so that one that has been scaled up since is not taken with its pods.
        await _delete(
            state, ctx, resource_of(state.spec), metadata["name"], metadata["uid"], metadata["resourceVersion"]
        )
    await _delete(state, ctx, POD_DISRUPTION_BUDGETS, state.owner.disruption_budget)
    await _delete(state, ctx, CONFIG_MAPS, state.owner.config_map)
    await release_finalizer(state, ctx)
    forget(state, ctx)


def _counts(pod: Mapping[str, Any], state: PoolState) -> bool:
    """Whether a pod is still to be waited for: not one that is finished, nor one that a lost node keeps."""
    gone_at = pod["metadata"].get("deletionTimestamp")
    lost = gone_at is not None and state.now.timestamp() - seconds(gone_at) > LOST_SECONDS
    return not (lost or is_finished(pod))


async def _delete(
    state: PoolState, ctx: Context, resource: Resource, name: str, uid: str | None = None, version: str | None = None
) -> None:
    try:
        await ctx.client.delete(
            resource, name, state.namespace, uid=uid, resource_version=version, propagation="Background"
        )
    except NotFound:
        return
