"""The first phase: the queues that the pool names, what is in force, and what its pods shall be."""

from __future__ import annotations

from crds import meta
from policies import applying
from policies import effective as effective_values
from reconciler.children.config import WorkedQueue
from reconciler.children.revision import revision_of
from reconciler.children.template import pod_template
from reconciler.children.ways import way_of
from reconciler.context import Context
from reconciler.phases.pool.look import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.phases.queue.known import known


async def resolve(state: PoolState, ctx: Context) -> None:
    remembered = memory_of(state, ctx).queues
    for reference in state.spec["queues"]:
        name = reference["name"]
        queue = ctx.store.queue(state.namespace, name)
        if queue is not None:
            worked = WorkedQueue(queue, known(queue, ctx).effective, reference)
            state.worked.append(worked)
            remembered[name] = worked
            continue
        state.missing.append(name)
        if state.deleting and name in remembered:
            # Deleted together with its pool, a moment before it: the workers' records are still at the broker.
            state.worked.append(remembered[name])
    policies = [policy.view for policy in applying(meta.WORKER_POOL.kind, state.obj, ctx.snapshot)]
    state.effective = effective_values.pool(state.spec, [worked.obj["spec"] for worked in state.worked], policies)
    queues = [worked.obj for worked in state.worked]
    image = ctx.settings.agent_image
    method = str(state.effective.get("drain.method"))
    state.way = way_of(method, queues, state.spec.get("template"), agent=bool(image))
    if not state.missing:
        state.template = pod_template(state.obj, queues, state.effective, state.way, image)
        state.revision = revision_of(state.template)
