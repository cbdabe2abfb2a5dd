"""The second phase: one reading of the broker, remembered for the pools and told to the metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from operator import attrgetter, methodcaller
from typing import Final

from crds.v1 import QueueSpec
from reconciler import metrics
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Method, Observation, Signal
from reconciler.brokers.pace import least_seconds
from reconciler.brokers.sight import Sight, failed, moved, seen
from reconciler.compliance import EVERY_SECONDS
from reconciler.context import Context
from reconciler.observations import QueueName
from reconciler.phases.queue.ahead import due_seconds
from reconciler.phases.queue.methods import methods
from reconciler.phases.queue.state import QueueState
from reconciler.phases.queue.summary import NUMBERS
from reconciler.phases.queue.told import told
from reconciler.plans.flow import LONG_SECONDS, Flow
from reconciler.polls import Poll

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
RECENT_POLLS: Final = 2
"""A reading that is younger than so many intervals is the queue as it is now."""
STUCK_POLLS: Final = 5
"""What waits for somebody to change something is looked at less often: nobody needs 30 refused logins a minute."""


async def observe(state: QueueState, ctx: Context) -> None:
    """What is polled together with others is not read once more for the sake of a pass."""
    assert state.parsed is not None  # noqa: S101 - for the type checker: configure ran
    name = QueueName(state.namespace, state.name)
    poll = _polled(name, state.parsed, ctx)
    if poll is None:
        await read(state, ctx)
    else:
        state.sight = poll.seen
    _reckon(state, ctx, name)
    words = told(name, state.sight, ctx) if state.sight is not None and state.effective is not None else None
    if words is None:
        ctx.polls.drop(name)
        state.again(next_poll(ctx, state.parsed, state.sight))
        return
    state.digest = (state.obj["metadata"]["resourceVersion"], state.effective, *words)
    if poll is None:
        due = ctx.monotonic() + next_poll(ctx, state.parsed)
        ctx.polls.expect(Poll(name, state.parsed, due, *words, _pass_at(state, ctx)))
    else:
        poll.lasting, poll.numbers = words
        poll.pass_at = _pass_at(state, ctx)


def _reckon(state: QueueState, ctx: Context, name: QueueName) -> None:
    """What takes longer to work out than a reading may cost, so once a pass: at most every half minute at rest."""
    sight = state.sight if state.sight is not None and state.sight.readable is not None else None
    service = sight.service if sight is not None else None
    state.latency = sight.latency() if sight is not None else None
    ctx.metrics.set(metrics.QUEUE_LATENCY, *name, value=state.latency)
    ctx.metrics.set(metrics.QUEUE_SERVICE, *name, value=service.seconds if service is not None else None)
    known = methods(sight, state.latency)
    for signal in NUMBERS:
        estimated = known.get(signal) is Method.ESTIMATED
        ctx.metrics.set(metrics.QUEUE_ESTIMATED, *name, signal, value=1 if estimated else None)


async def read(state: QueueState, ctx: Context) -> None:
    """One reading, remembered for the pools and told to the metrics."""
    assert state.parsed is not None  # noqa: S101 - for the type checker: configure ran
    name, due = QueueName(state.namespace, state.name), ctx.monotonic() - state.late
    sighting = ctx.observations.latest(name)
    before: Sight | None = sighting.value if sighting else None
    try:
        observation = await ctx.brokers.observe(*name, state.parsed, due_seconds(name, ctx))
        sight = seen(before, observation, ctx.monotonic())
    except BrokerError as error:
        sight = failed(before, error, ctx.monotonic())
        ctx.metrics.add(metrics.QUEUE_READS, *name, error.reason)
    state.sight = sight
    ctx.observations.record(name, sight, wake=moved(before, sight), due=due)
    measure(ctx, name, sight)


def next_poll(ctx: Context, spec: QueueSpec, sight: Sight | None = None) -> float:
    stuck = sight is not None and sight.error is not None and not sight.error.passes
    spread = 1 + JITTER * (2 * ctx.rng.random() - 1)
    return _interval(ctx, spec) * spread * (STUCK_POLLS if stuck else 1)


def _interval(ctx: Context, spec: QueueSpec) -> float:
    return max(ctx.settings.poll, least_seconds(spec.broker))


def _polled(name: QueueName, spec: QueueSpec, ctx: Context) -> Poll | None:
    """The poll of a queue that has been read just now, as its spec is."""
    poll = ctx.polls.get(name)
    if poll is None or poll.spec is not spec or poll.seen is None or poll.seen.read_at is None:
        return None
    return poll if ctx.monotonic() - poll.seen.read_at < RECENT_POLLS * _interval(ctx, spec) else None


def _pass_at(state: QueueState, ctx: Context) -> float:
    """What policies say changes with time: exemptions end, and limits count other objects."""
    judged = ctx.compliance.last(state.key)
    return ctx.monotonic() + EVERY_SECONDS if judged is not None and judged.policies else inf


def measure(ctx: Context, name: QueueName, sight: Sight) -> None:
    """Unknown signals are absent."""
    observation = sight.readable
    for state, signal in STATES.items():
        value = signal(observation).value if observation is not None else None
        ctx.metrics.set(metrics.QUEUE_JOBS, *name, state, value=value)
    ctx.metrics.set(metrics.QUEUE_DOUBT, *name, value=float(sight.doubt is not None))
    measure_age(ctx, name, sight)
    flow = sight.flow if observation is not None else None
    ctx.metrics.set(metrics.QUEUE_WAIT, *name, value=sight.wait.value if observation is not None else None)
    for direction, rate in RATES.items():
        ctx.metrics.set(metrics.QUEUE_RATE, *name, direction, value=rate(flow) if flow is not None else None)


def measure_age(ctx: Context, name: QueueName, sight: Sight) -> None:
    """What changes by time alone."""
    age = sight.oldest_age if sight.readable is not None else None
    ctx.metrics.set(metrics.QUEUE_OLDEST, *name, value=age)
    if sight.readable is not None:
        ctx.metrics.set(metrics.QUEUE_READ, *name, value=ctx.clock().timestamp())
