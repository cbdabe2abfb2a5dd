"""Reading the pool's children, pods and workers: from memory while nothing moves, anew while a removal does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crds.v1 import QueueSpec
from kube.resources import PODS
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Observation
from reconciler.brokers.sight import Sight
from reconciler.children.workload import resource_of
from reconciler.context import Context
from reconciler.memory import PoolMemory
from reconciler.observations import QueueName
from reconciler.phases.pool.ask import ask_workers
from reconciler.phases.pool.former_view import with_former
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import View
from reconciler.phases.queue.known import known
from reconciler.workers import Activity, Fences, states


async def look(state: PoolState, ctx: Context) -> None:
    """What the store knows: enough for status and for growing, never for a proof."""
    pods = ctx.store.pods_of_pool(state.uid)
    view = View(ctx.store.children_of_pool(state.uid), pods)
    state.view = View(view.children, pods, states(view.asked, remembered(state, ctx), Fences()))


async def look_anew(state: PoolState, ctx: Context) -> None:
    """What the API server and the brokers say now, in this order, so that the brokers' times can be fences."""
    memory = memory_of(state, ctx)
    namespace, selector = state.namespace, state.owner.selector
    children = (await ctx.client.list(resource_of(state.spec), namespace, selector)).items
    pods = (await ctx.client.list(PODS, namespace, selector)).items
    view = await with_former(state, ctx, View(children, pods))
    memory.fences.seen(view.asked)
    observations = await _observed(state, ctx)
    workers = states(view.asked, observations, memory.fences)
    for queue, observation in observations.items():
        memory.fences.read(queue, observation.time)
    workers |= await ask_workers(state, ctx, memory, view.pods, observations)
    state.view = replace(view, workers=workers)


async def hear(state: PoolState, ctx: Context) -> bool:
    """What the workers say now of the pods that the store knows; False where `look_anew` has to see them first.

    A record can only prove anything of a pod that was seen anew, with its request, before the record was written. And
    whom no broker knows anything of may have to be asked in another way.
    """
    memory = memory_of(state, ctx)
    asked = [pod for pod in state.view.asked if pod.request]
    queues = [worked.obj["metadata"]["name"] for worked in state.worked]
    if not all(memory.fences.of(pod, queue) is not None for pod in asked for queue in queues):
        return False
    workers = states(state.view.asked, await _observed(state, ctx), memory.fences)
    if any(workers[pod.uid].activity is Activity.UNKNOWN for pod in asked):
        return False
    state.view = replace(state.view, workers=workers)
    return True


def memory_of(state: PoolState, ctx: Context) -> PoolMemory:
    return ctx.pools.setdefault(state.uid, PoolMemory())


def forget(state: PoolState, ctx: Context) -> None:
    ctx.pools.pop(state.uid, None)
    ctx.histories.pop(state.uid, None)


def remembered(state: PoolState, ctx: Context) -> dict[str, Observation]:
    found: dict[str, Observation] = {}
    for worked in state.worked:
        name = worked.obj["metadata"]["name"]
        sighting = ctx.observations.latest(QueueName(state.namespace, name))
        sight: Sight | None = sighting.value if sighting else None
        if sight is not None and sight.readable is not None:
            found[name] = sight.readable
    return found


async def _observed(state: PoolState, ctx: Context) -> Mapping[str, Observation]:
    """A broker that cannot be read says nothing, and its workers count as busy; its Queue's status says why."""
    names = [worked.obj["metadata"]["name"] for worked in state.worked]
    specs = [_spec(worked.obj, ctx) for worked in state.worked]
    asked = (ctx.brokers.observe(state.namespace, name, spec) for name, spec in zip(names, specs, strict=True))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    found: dict[str, Observation] = {}
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, Observation):
            found[name] = answer
        elif not isinstance(answer, BrokerError):
            raise answer
    return found


def _spec(queue: Mapping[str, Any], ctx: Context) -> QueueSpec:
    """As the queue's own phases have read it, where they have."""
    memory = known(queue, ctx)
    if memory.parsed is None:
        memory.parsed = QueueSpec.model_validate(queue["spec"])
    return memory.parsed
