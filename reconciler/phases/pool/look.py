"""Reading the pool's children, pods and workers: from memory while nothing moves, anew while a removal does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from crds.v1 import QueueSpec
from kube.resources import PODS
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Observation
from reconciler.brokers.sight import Sight
from reconciler.children.workload import resource_of
from reconciler.context import Context
from reconciler.observations import QueueName
from reconciler.phases.pool.ask import ask_workers, keeps_records
from reconciler.phases.pool.former_view import with_former
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import View
from reconciler.phases.queue.known import known
from reconciler.workers import Activity, Fences, WorkerState, states

MOST_SKEW_SECONDS: Final = 5.0
"""By how much our clock may differ from the API server's before nobody is removed for being over a time. A date in an
answer is up to a second old.
"""


SPOKEN: Final = "AdminAPI"
"""`status.drainMethod` of a pool whose workers were heard over HTTP."""


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
    state.skewed = _is_skewed(ctx.client.server_date, ctx.clock())
    view = await with_former(state, ctx, View(children, pods))
    memory.fences.seen(view.asked)
    observations = await _observed(state, ctx)
    workers = states(view.asked, observations, memory.fences, everywhere=_everywhere(state, observations))
    for queue, observation in observations.items():
        memory.fences.read(queue, observation.time)
    workers |= await ask_workers(state, ctx, memory, view.pods, observations)
    state.view = replace(view, workers=workers)
    memory.silent = _silent(memory.silent, workers, ctx.monotonic())
    long_ago = ctx.monotonic() - state.drain_timeout
    state.silent = frozenset(uid for uid, since in memory.silent.items() if since <= long_ago)


def _is_skewed(theirs: datetime | None, ours: datetime) -> bool:
    """Whether our clock is not the API server's, which has just answered."""
    return theirs is not None and abs((theirs - ours).total_seconds()) > MOST_SKEW_SECONDS


def _everywhere(state: PoolState, observations: Mapping[str, Observation]) -> bool:
    """Whether everybody was asked who may have a word of a worker. Where workers speak over HTTP, and where a broker
    keeps no word of them, that is the worker.
    """
    complete = len(observations) == len(state.spec["queues"])
    return complete and all(map(keeps_records, state.worked)) and state.status.get("drainMethod") != SPOKEN


def _silent(before: Mapping[str, float], workers: Mapping[str, WorkerState], now: float) -> dict[str, float]:
    """Since when each pod has been silent. A look that could not ask everybody tells nothing either way."""
    kept = {uid: since for uid, since in before.items() if uid in workers and not workers[uid].heard}
    return {**{uid: now for uid, worker in workers.items() if worker.heard is False}, **kept}


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
    state.unread = {}
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, Observation):
            found[name] = answer
        elif isinstance(answer, BrokerError):
            state.unread[name] = answer.reason
        else:
            raise answer
    return found


def _spec(queue: Mapping[str, Any], ctx: Context) -> QueueSpec:
    """As the queue's own phases have read it, where they have."""
    memory = known(queue, ctx)
    if memory.parsed is None:
        memory.parsed = QueueSpec.model_validate(queue["spec"])
    return memory.parsed
