"""Break-glass on workers' pods, which opens the delete guard: told and ended as that of the pool is."""

from __future__ import annotations

from policies import break_glass
from reconciler.context import Context
from reconciler.phases.glass import keep
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.plans.glass import Known


async def glass_of_workers(state: PoolState, ctx: Context) -> None:
    """What was done is remembered as long as there is the pod, whether it has any break-glass now or not."""
    pods = {pod["metadata"]["uid"]: pod for pod in ctx.store.pods_of_pool(state.uid)}
    memory = memory_of(state, ctx)
    memory.glass = {uid: known for uid, known in memory.glass.items() if uid in pods}
    for uid, pod in pods.items():
        if break_glass.annotation(pod):
            await keep(state, ctx, pod, memory.glass.setdefault(uid, Known()))
