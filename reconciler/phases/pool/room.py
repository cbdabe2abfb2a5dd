"""Whether a node is added for pods that find none: the last word of the autoscalers on each, in its Events.

Only an install of cluster scope looks after nodes, and only it may read Events. One that may not waits as if the pods
were starting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kube.errors import Forbidden
from kube.resources import EVENTS
from reconciler.context import Context
from reconciler.phases.pool.pods import seconds
from reconciler.phases.pool.scaling_state import memory_of
from reconciler.phases.pool.state import PoolState
from reconciler.plans.child import Pod
from reconciler.plans.evacuation import WORDS, Prospect, promised

ASK_SECONDS: Final = 1.5
"""The API server looks through all Events of the namespace for those of one pod."""
MOST_ASKED: Final = 3
"""Of how many pods is asked: what an autoscaler does for one of a pool it does for all, as far as it can."""


async def see_room(state: PoolState, ctx: Context, pods: Sequence[Pod]) -> Prospect:
    memory, now = memory_of(state, ctx), ctx.monotonic()
    asked_at, found = memory.room
    if now - asked_at >= ASK_SECONDS:
        found = await _ask(state, ctx, pods[:MOST_ASKED])
        memory.room = (now, found)
    return found


async def _ask(state: PoolState, ctx: Context, pods: Sequence[Pod]) -> Prospect:
    try:
        return promised([await _last_word(state, ctx, pod) for pod in pods])
    except Forbidden:
        return Prospect.STARTING


async def _last_word(state: PoolState, ctx: Context, pod: Pod) -> Prospect:
    events = (await ctx.client.list(EVENTS, state.namespace, field_selector=f"involvedObject.uid={pod.uid}")).items
    words = [event for event in events if event.get("reason") in WORDS]
    return WORDS[max(words, key=_time)["reason"]] if words else Prospect.UNDECIDED


def _time(event: Mapping[str, Any]) -> float:
    return seconds(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])
