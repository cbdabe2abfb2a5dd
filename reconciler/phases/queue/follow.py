"""Whether the workers of a queue follow its present configuration, as their status records acknowledge it.

A pool's configuration has a generation, and every record names the one its worker follows. Workers that keep no
generation, and pools this process has not configured yet, say nothing either way.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.brokers.observation import Observation
from reconciler.conditions import CONFIG_APPLIED
from reconciler.context import Context
from reconciler.observations import QueueName
from reconciler.phases.queue.state import QueueState
from reconciler.reasons import Reason


async def follow(state: QueueState, ctx: Context) -> None:
    assert state.sight is not None  # noqa: S101 - for the type checker: observe ran
    if state.sight.observation is None:
        _keep(state)
        return
    late = behind(QueueName(state.namespace, state.name), ctx, state.sight.observation)
    if late:
        message = f"Workers of {', '.join(late)} have not read the present configuration yet"
        state.conditions.false(CONFIG_APPLIED, Reason.CONFIG_PENDING, message)
    else:
        state.conditions.true(CONFIG_APPLIED, Reason.CONFIG_FOLLOWED, "No worker follows an older configuration")


def behind(queue: QueueName, ctx: Context, observation: Observation) -> tuple[str, ...]:
    """The names of the pools with a worker that acknowledges another generation than the one in force."""
    return tuple(sorted(_behind(queue, ctx, observation))) if observation.workers.fresh else ()


def _behind(queue: QueueName, ctx: Context, observation: Observation) -> Iterator[str]:
    followed: dict[str, set[str]] = {}
    for record in observation.workers.fresh.values():
        if record.config_generation:
            followed.setdefault(record.pod_uid, set()).add(record.config_generation)
    if not followed:
        return
    for pool in ctx.store.pools_of_queue(*queue):
        uid = pool["metadata"]["uid"]
        memory = ctx.pools.get(uid)
        if memory is None or not memory.generation:
            continue
        pods = (pod["metadata"]["uid"] for pod in ctx.store.pods_of_pool(uid))
        if any(followed.get(pod, set()) - {memory.generation} for pod in pods):
            yield str(pool["metadata"]["name"])


def _keep(state: QueueState) -> None:
    """The broker is silent, so what was said of the workers stays said."""
    stored = state.stored(CONFIG_APPLIED.name)
    if stored.get("reason") == Reason.CONFIG_PENDING:
        state.conditions.false(CONFIG_APPLIED, Reason.CONFIG_PENDING, str(stored["message"]))
    elif stored:
        state.conditions.true(CONFIG_APPLIED, Reason.CONFIG_FOLLOWED, str(stored["message"]))
