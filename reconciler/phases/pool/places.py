"""Where a pool's workers run, as far as it matters to who leaves: which nodes go, and how many workers each has.

Only an install of cluster scope knows nodes. To any other one none of them goes.
"""

from __future__ import annotations

from reconciler.context import Context
from reconciler.phases.pool.state import PoolState


def see_leaving_nodes(state: PoolState, ctx: Context) -> None:
    state.leaving_nodes = ctx.store.leaving_nodes()


def see_crowds(state: PoolState, ctx: Context) -> None:
    nodes = {pod.node for pod in state.view.all_pods if pod.node}
    state.crowds = {node: ctx.store.workers_on(node) for node in nodes}
