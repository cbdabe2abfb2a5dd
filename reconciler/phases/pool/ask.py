"""Asking workers over HTTP that are to leave and keep no record at a broker: `drain.method` AdminAPI, or Auto.

The pods were listed before they are asked, and a mark needs that very version of the pod, so an answer is about the
container that the mark will name, or the mark is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from crds import meta
from reconciler.adminapi import AdminAPIError
from reconciler.brokers.observation import Observation
from reconciler.brokers.records import Record, State
from reconciler.children.config import WorkedQueue
from reconciler.children.environment import ADMIN_PORT
from reconciler.children.template import NO_PATH, WORKER
from reconciler.children.ways import Way
from reconciler.context import Context
from reconciler.memory import PoolMemory
from reconciler.phases.pool.pods import is_finished, request_of_pod
from reconciler.phases.pool.state import PoolState
from reconciler.plans.child import Pod
from reconciler.workers import Activity, WorkerState

DEAF_SECONDS: Final = 10.0
"""How long a pod is left in peace that did not answer."""

Object = Mapping[str, Any]


async def ask_workers(
    state: PoolState,
    ctx: Context,
    memory: PoolMemory,
    pods: Sequence[Object],
    observations: Mapping[str, Observation],
) -> dict[str, WorkerState]:
    """What those say, by the pods' uids, of whom no broker says anything."""
    if ctx.admin is None or state.way is not Way.CONTRACT or state.effective is None:
        return {}
    unread = (worked for worked in state.worked if worked.obj["metadata"]["name"] not in observations)
    if any(map(keeps_records, unread)) or any(seen.records_left_out for seen in observations.values()):
        # What cannot be read may be another process's record that it is busy.
        return {}
    heard = {instance.rpartition(".")[0] for seen in observations.values() for instance in seen.records}
    now = ctx.monotonic()
    memory.deaf = {uid: until for uid, until in memory.deaf.items() if until > now}
    silent = [pod for pod in pods if pod["metadata"]["name"] not in heard and _to_ask(pod, memory)]
    answers = await asyncio.gather(*(_asked(state, ctx, memory, pod) for pod in silent))
    return {pod["metadata"]["uid"]: answer for pod, answer in zip(silent, answers, strict=True) if answer is not None}


def keeps_records(worked: WorkedQueue) -> bool:
    """Whether the queue's broker is one at which workers write their records; of no other is silence a sign."""
    return "redis" in worked.obj["spec"]["broker"]


async def call_back(state: PoolState, ctx: Context, pod: Pod) -> None:
    """Before its request goes, a worker that was asked over HTTP is told so there. Raises AdminAPIError."""
    if base := state.spoken.get(pod.uid):
        await ctx.admin.release(base)


def _to_ask(pod: Object, memory: PoolMemory) -> bool:
    leaves = request_of_pod(pod) is not None and "deletionTimestamp" not in pod["metadata"]
    return leaves and not is_finished(pod) and pod["metadata"]["uid"] not in memory.deaf


async def _asked(state: PoolState, ctx: Context, memory: PoolMemory, pod: Object) -> WorkerState | None:
    uid, request = pod["metadata"]["uid"], request_of_pod(pod)
    if request is None:
        return None
    for base in _bases(state, ctx, pod):
        try:
            record = await ctx.admin.status(base)
            if record.pod_uid == uid and record.state is State.RUNNING:
                # A hint: a worker that reads the file has seen it already.
                record = await ctx.admin.drain(base, request.reason)
        except AdminAPIError:
            continue
        if record.pod_uid == uid:
            state.spoken[uid] = base
            return _state(record)
    memory.deaf[uid] = ctx.monotonic() + DEAF_SECONDS
    return None


def _bases(state: PoolState, ctx: Context, pod: Object) -> list[str]:
    """Where it was told to answer when it was made; and where the spec has it by now, as it may have been put right."""
    assert state.effective is not None  # noqa: S101 - for the type checker: the caller has looked
    address = (pod.get("status") or {}).get("podIP", "")
    port = int(_own_port(pod) or state.effective.get("drain.adminAPI.port"))
    own = (pod["metadata"].get("annotations") or {}).get(meta.ANNOTATION_ADMIN_PATH, NO_PATH)
    paths = dict.fromkeys((own, str(state.effective.get("drain.adminAPI.path"))))
    return [base for path in paths if (base := str(ctx.admin.base_of(address, port, path)))]


def _own_port(pod: Object) -> str:
    """The port that the pod's worker was given; empty for one that was not made by us."""
    containers = (pod.get("spec") or {}).get("containers") or ()
    given = next((one.get("env") or () for one in containers if one["name"] == WORKER), ())
    text = next((str(one.get("value", "")) for one in given if one["name"] == ADMIN_PORT), "")
    return text if text.isdecimal() else ""


def _state(record: Record) -> WorkerState:
    drained = record.state is State.DRAINED and record.rests
    activity = Activity.BUSY if record.in_flight else Activity.DRAINED if drained else Activity.IDLE
    followed = frozenset({record.config_generation})
    return WorkerState(activity, record.in_flight, record.running, record.succeeded, followed, heard=True)
