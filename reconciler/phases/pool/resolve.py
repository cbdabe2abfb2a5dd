"""The first phase: the queues that the pool names, what is in force, and what its pods shall be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crds import meta
from policies import applying
from policies import effective as effective_values
from policies.snapshot import PolicyView
from reconciler.children.config import WorkedQueue
from reconciler.children.queue_notes import noted_on
from reconciler.children.revision import revision_of
from reconciler.children.template import pod_template
from reconciler.children.ways import way_of
from reconciler.context import Context
from reconciler.memory import Resolved
from reconciler.phases.pool.scaling_state import memory_of
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
        if (gone := remembered.get(name) or _noted(state, ctx, reference)) is not None:
            # Its workers may still have to leave, and their records are still at the broker.
            state.worked.append(gone)
            remembered[name] = gone
    state.resolved = _resolved(state, ctx)
    state.effective, state.way = state.resolved.effective, state.resolved.way
    state.template, state.revision = state.resolved.template, state.resolved.revision


def _noted(state: PoolState, ctx: Context, reference: Mapping[str, Any]) -> WorkedQueue | None:
    """A queue that was gone before this process began."""
    queue = noted_on(ctx.store.children_of_pool(state.uid)).get(reference["name"])
    return None if queue is None else WorkedQueue(queue, known(queue, ctx).effective, reference)


def _resolved(state: PoolState, ctx: Context) -> Resolved:
    """Worked out anew only where the pool, a queue of it or a policy has changed, or a restart was asked for."""
    memory = memory_of(state, ctx)
    policies = tuple(policy.view for policy in applying(meta.WORKER_POOL.kind, state.obj, ctx.snapshot))
    versions = tuple((*_version(worked.obj), worked.effective) for worked in state.worked)
    # A restart is an annotation, which no generation counts.
    restarted = (state.obj["metadata"].get("annotations") or {}).get(meta.ANNOTATION_RESTARTED_AT)
    about = (*_version(state.obj), restarted, policies, versions, tuple(state.missing))
    if memory.resolved is None or memory.resolved.about != about:
        memory.resolved = _worked_out(state, about, policies, ctx.settings.agent_image)
    return memory.resolved


def _worked_out(
    state: PoolState, about: tuple[object, ...], policies: Sequence[PolicyView], agent_image: str
) -> Resolved:
    queues = [worked.obj for worked in state.worked]
    effective = effective_values.pool(state.spec, [queue["spec"] for queue in queues], policies)
    method = str(effective.get("drain.method"))
    way = way_of(method, queues, state.spec.get("template"), agent=bool(agent_image))
    if state.missing:
        return Resolved(about, effective, way)
    template = pod_template(state.obj, queues, effective, way, agent_image)
    return Resolved(about, effective, way, template, revision_of(template))


def _version(obj: Mapping[str, Any]) -> tuple[str, int]:
    return obj["metadata"]["uid"], obj["metadata"]["generation"]
