"""The first phase: the queues that the pool names, what is in force, and what its pods shall be."""

from __future__ import annotations

from crds import meta
from policies import applying
from policies import effective as effective_values
from reconciler.children.config import WorkedQueue
from reconciler.children.revision import revision_of
from reconciler.children.template import pod_template
from reconciler.context import Context
from reconciler.phases.pool.state import PoolState


async def resolve(state: PoolState, ctx: Context) -> None:
    for reference in state.spec["queues"]:
        queue = ctx.store.queue(state.namespace, reference["name"])
        if queue is None:
            state.missing.append(reference["name"])
            continue
        policies = [policy.view for policy in applying(meta.QUEUE.kind, queue, ctx.snapshot)]
        state.worked.append(WorkedQueue(queue, effective_values.queue(queue["spec"], policies), reference))
    policies = [policy.view for policy in applying(meta.WORKER_POOL.kind, state.obj, ctx.snapshot)]
    state.effective = effective_values.pool(state.spec, [worked.obj["spec"] for worked in state.worked], policies)
    if not state.missing:
        state.template = pod_template(state.obj, [worked.obj for worked in state.worked], state.effective)
        state.revision = revision_of(state.template)
