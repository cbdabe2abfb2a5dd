"""The last phase: what the reading means for people, as conditions, and as Events where something has changed."""

from __future__ import annotations

from typing import Final

from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Observation
from reconciler.brokers.sight import Sight
from reconciler.conditions import DEAD_LETTERS, READY, RECONCILING, STALLED
from reconciler.context import Context
from reconciler.errors import Transient
from reconciler.phases.queue import enforcing
from reconciler.phases.queue.state import QueueState
from reconciler.reasons import Reason

RUNNING_UNKNOWN: Final = "what runs is unknown, so no pool shrinks:"
REMEDIES: Final = {
    "redis": "set broker.redis.processingKey or have workers write status records",
    "prometheus": "set broker.prometheus.queries.running",
}

BROKER_REASONS: Final = frozenset(str(error.reason) for error in BrokerError.__subclasses__())


async def judge(state: QueueState, ctx: Context) -> None:
    assert state.sight is not None  # noqa: S101 - for the type checker: observe ran
    if state.sight.error is not None:
        _troubled(state, ctx, state.sight, state.sight.error)
        return
    assert state.sight.observation is not None  # noqa: S101 - a sight without error has one
    _ready(state, ctx, state.sight, state.sight.observation)
    _dead_letters(state, ctx, state.sight.observation)


def _troubled(state: QueueState, ctx: Context, sight: Sight, error: BrokerError) -> None:
    ready = state.stored(READY.name)
    if sight.trouble is None and ready:
        raise Transient(error.reason, error.message, quiet=True)
    if ready.get("reason") != error.reason:
        ctx.events.warning(state.obj, error.reason, error.message)
    state.conditions.false(READY, error.reason, error.message)
    state.conditions.true(RECONCILING if error.passes else STALLED, error.reason, error.message)
    _keep_dead_letters(state)


def _ready(state: QueueState, ctx: Context, sight: Sight, observation: Observation) -> None:
    if state.stored(READY.name).get("reason") in BROKER_REASONS:
        ctx.events.normal(state.obj, Reason.BROKER_RECOVERED, "The broker can be read again")
    if sight.doubt is not None:
        message = f"The queue is read, but nothing shrinks by it for a minute: {sight.doubt.why}"
        state.conditions.true(READY, Reason.FAILOVER_SUSPECTED, message)
        return
    notes = ["The queue is read from its broker", *enforcing.notes(state.spec, state.effective)]
    if observation.unclear and _pools(state, ctx):
        if observation.refused:
            notes.append(f"no pool shrinks: {observation.refused}")
        elif observation.running.value is None:
            remedies = (remedy for kind, remedy in REMEDIES.items() if kind in state.spec["broker"])
            notes.append(f"{RUNNING_UNKNOWN} {' or '.join(remedies)}")
    state.conditions.true(READY, Reason.OBSERVED, "; ".join(notes))


def _pools(state: QueueState, ctx: Context) -> bool:
    """Whether anybody's size depends on this queue."""
    return bool(ctx.store.pools_of_queue(state.namespace, state.name))


def _dead_letters(state: QueueState, ctx: Context, observation: Observation) -> None:
    count = observation.dead_letters.value
    if count is None:
        return
    dead_letter = state.parsed.dead_letter if state.parsed else None
    alert = (dead_letter.alert_above if dead_letter else None) or 0
    if count <= alert:
        return
    if state.stored(DEAD_LETTERS.name).get("status") != "True":
        ctx.events.warning(state.obj, Reason.DEAD_LETTERS_APPEARED, f"Dead letters: {count}, more than {alert}")
    state.conditions.true(DEAD_LETTERS, Reason.ABOVE_ALERT, f"More dead letters than alertAbove: {alert}")


def _keep_dead_letters(state: QueueState) -> None:
    """Nothing new is known of them, so what was said stays said."""
    stored = state.stored(DEAD_LETTERS.name)
    if stored.get("status") == "True":
        state.conditions.true(DEAD_LETTERS, Reason.ABOVE_ALERT, str(stored["message"]))
