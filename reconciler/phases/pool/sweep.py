"""Old revisions without pods: the newest one stays at 0 for a rollback, the others go."""

from __future__ import annotations

from typing import Final

from kube.errors import Conflict, NotFound
from kube.resources import DEPLOYMENTS
from reconciler.context import Context
from reconciler.phases.pool.aim import replicas_of
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import revision_label

KEPT: Final = 1


async def sweep(state: PoolState, ctx: Context) -> None:
    if state.frozen or state.stateful or not state.revision:
        return
    peopled = {revision_label(pod) for pod in state.view.pods}
    old = [
        one for one in state.view.children if revision_label(one) not in {state.revision, state.taken_name, *peopled}
    ]
    empty = [one for one in old if replicas_of(one) == 0 and not (one.get("status") or {}).get("replicas")]
    empty.sort(key=lambda one: str(one["metadata"]["creationTimestamp"]), reverse=True)
    for child in empty[KEPT:]:
        metadata = child["metadata"]
        try:
            await ctx.client.delete(
                DEPLOYMENTS,
                metadata["name"],
                state.namespace,
                uid=metadata["uid"],
                resource_version=metadata["resourceVersion"],
            )
        except (Conflict, NotFound):
            continue
