"""The second phase: one reading of the broker, remembered for the pools and told to the metrics."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from operator import attrgetter, methodcaller
from typing import Final

from reconciler import metrics
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Observation, Signal
from reconciler.brokers.sight import Sight, failed, moved, seen
from reconciler.context import Context
from reconciler.observations import QueueName
from reconciler.phases.queue.state import QueueState
from reconciler.plans.flow import LONG_SECONDS, Flow

STATES: Final[Mapping[str, Callable[[Observation], Signal[int]]]] = {
    "waiting": attrgetter("waiting"),
    "running": attrgetter("running"),
    "scheduled": attrgetter("scheduled"),
    "dead": attrgetter("dead_letters"),
}
RATES: Final[Mapping[str, Callable[[Flow], float | None]]] = {
    "in": methodcaller("arrivals", LONG_SECONDS),
    "out": methodcaller("completions", LONG_SECONDS),
}
JITTER: Final = 0.1
"""By how much of the interval polls are spread, so that queues do not fall into step."""
STUCK_POLLS: Final = 5
"""What waits for somebody to change something is looked at less often: nobody needs 30 refused logins a minute."""


async def observe(state: QueueState, ctx: Context) -> None:
    assert state.parsed is not None  # noqa: S101 - for the type checker: configure ran
    name, due = QueueName(state.namespace, state.name), ctx.monotonic() - state.late
    sighting = ctx.observations.latest(name)
    before: Sight | None = sighting.value if sighting else None
    try:
        sight = seen(before, await ctx.brokers.observe(*name, state.parsed), ctx.monotonic())
    except BrokerError as error:
        sight = failed(before, error, ctx.monotonic())
        ctx.metrics.add(metrics.QUEUE_READS, *name, error.reason)
    state.sight = sight
    ctx.observations.record(name, sight, wake=moved(before, sight), due=due)
    _measure(ctx, name, sight)
    state.digest = _digest(state, sight, pools=bool(ctx.store.pools_of_queue(*name)))
    state.again(_next_poll(ctx, sight))


def _digest(state: QueueState, sight: Sight, *, pools: bool) -> Hashable:
    """All that status says of the queue; None while anything is wrong, which is always told in full."""
    seen, flow = sight.readable, sight.flow
    if seen is None or flow is None or sight.doubt is not None or state.effective is None:
        return None
    numbers = (seen.waiting, seen.running, seen.scheduled, seen.dead_letters, seen.oldest_enqueued)
    rates = (flow.wait(), flow.arrivals(LONG_SECONDS), flow.completions(LONG_SECONDS))
    counted = (sight.counted.arrived.method, sight.counted.completed.method)
    return (state.obj["metadata"]["resourceVersion"], id(state.effective), pools, numbers, rates, counted)


def _next_poll(ctx: Context, sight: Sight) -> float:
    stuck = sight.error is not None and not sight.error.passes
    spread = 1 + JITTER * (2 * ctx.rng.random() - 1)
    return ctx.settings.poll * spread * (STUCK_POLLS if stuck else 1)


def _measure(ctx: Context, name: QueueName, sight: Sight) -> None:
    """Unknown signals are absent."""
    observation = sight.readable
    for state, signal in STATES.items():
        value = signal(observation).value if observation is not None else None
        ctx.metrics.set(metrics.QUEUE_JOBS, *name, state, value=value)
    ctx.metrics.set(metrics.QUEUE_OLDEST, *name, value=observation.oldest_age if observation is not None else None)
    flow = sight.flow if observation is not None else None
    ctx.metrics.set(metrics.QUEUE_WAIT, *name, value=flow.wait() if flow is not None else None)
    for direction, rate in RATES.items():
        ctx.metrics.set(metrics.QUEUE_RATE, *name, direction, value=rate(flow) if flow is not None else None)
