"""A Queue that is deleted: its jobs are worked off where the spec says so, and its dead letters are not forgotten.

Only such a Queue has a finalizer. There is always a way out: drainTimeout, a spec that is changed, a queue that nobody
works off, a namespace that ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from crds import duration, meta
from reconciler.brokers import purging
from reconciler.brokers.dead_letters.box import Box
from reconciler.brokers.dead_letters.working import Deed, work
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.layouts import redis_queue
from reconciler.conditions import DRAINING
from reconciler.context import Context
from reconciler.edits import merge
from reconciler.errors import Stalled, Waiting
from reconciler.phases.ending import ends, let_go_of
from reconciler.phases.queue.configure import configure
from reconciler.phases.queue.enforcing import manages
from reconciler.phases.queue.observe import read
from reconciler.phases.queue.state import QueueState
from reconciler.plans.winding import End, verdict
from reconciler.reasons import Reason

WAIT_SECONDS: Final = 1.0
SIGNALS: Final = ("waiting", "running", "scheduled")


async def hold(state: QueueState, ctx: Context) -> None:
    """The finalizer stands while deleting the Queue has to wait for something."""
    finalizers = state.obj["metadata"].get("finalizers") or []
    held, wanted = (
        meta.DRAIN_FINALIZER in finalizers,
        _drains(state) or _blocks(state) or _purges(state) or _purges_dead_letters(state),
    )
    if held == wanted or (wanted and state.namespace in ctx.ending):
        return
    if held:
        state.obj = await let_go_of(ctx, meta.QUEUE.kind, state.obj)
        return
    version = state.obj["metadata"]["resourceVersion"]
    patch = {"metadata": {"resourceVersion": version, "finalizers": [*finalizers, meta.DRAIN_FINALIZER]}}
    state.obj = await merge(ctx, state.obj, patch)


async def release(state: QueueState, ctx: Context) -> None:
    if await ends(ctx, state.namespace):
        await let_go_of(ctx, meta.QUEUE.kind, state.obj)
        return
    try:
        await configure(state, ctx)
    except Stalled:
        # A spec that cannot be followed cannot ask for anything either.
        await let_go_of(ctx, meta.QUEUE.kind, state.obj)
        return
    await read(state, ctx)
    found = verdict(_end(state, ctx))
    if found.waits:
        assert found.reason is not None  # noqa: S101 - for the type checker: who waits says why
        state.conditions.true(DRAINING, found.reason, found.message)
        raise Waiting(WAIT_SECONDS, found.reason, found.message)
    await _purge(state, ctx)
    if found.reason is not None:
        ctx.events.warning(state.obj, found.reason, found.message)
    elif _drains(state):
        ctx.events.normal(state.obj, Reason.DRAINED, "All jobs were worked off")
    await let_go_of(ctx, meta.QUEUE.kind, state.obj)


async def _purge(state: QueueState, ctx: Context) -> None:
    """What the spec says shall be deleted with the Queue. A broker that is away is waited for as long as a drain is."""
    if not (_purges(state) or _purges_dead_letters(state)):
        return
    assert state.parsed is not None  # noqa: S101 - for the type checker: configure ran
    try:
        link = await ctx.brokers.link(state.namespace, state.parsed.broker)
        if _purges(state):
            await purging.purge(link, redis_queue(state.name, state.parsed))
        if _purges_dead_letters(state):
            await work(Box.of(link, state.name, state.parsed), Deed.PURGE, limit=None, dry=False)
    except BrokerError as error:
        if _timeout(state) > _deleted_for(state):
            raise Waiting(WAIT_SECONDS, error.reason, f"Not purged yet: {error.message}") from error
        ctx.events.warning(state.obj, error.reason, f"Gone without being purged: {error.message}")
        return
    ctx.events.normal(state.obj, Reason.PURGED, "Deleted at the broker what the Queue was to take along")


def _end(state: QueueState, ctx: Context) -> End:
    seen = state.sight.readable if state.sight else None
    told = [getattr(seen, signal).value for signal in SIGNALS] if seen else [None]
    # A layout without scheduled jobs does not know a number of them; waiting and running have to be known.
    unknown = seen is None or any(number is None for number in told[:2])
    pools = ctx.store.pools_of_queue(state.namespace, state.name)
    return End(
        drains=_drains(state),
        blocks=_blocks(state),
        worked=any("deletionTimestamp" not in pool["metadata"] for pool in pools),
        seconds_left=_timeout(state) - _deleted_for(state),
        jobs=None if unknown else sum(number or 0 for number in told),
        dead=seen.dead_letters.value if seen else None,
    )


def _deleted_for(state: QueueState) -> float:
    """How long the Queue has been deleted, in seconds."""
    return (state.now - datetime.fromisoformat(state.obj["metadata"]["deletionTimestamp"])).total_seconds()


def _timeout(state: QueueState) -> float:
    assert state.effective is not None  # noqa: S101 - for the type checker: configure ran
    return duration.seconds(state.effective.get("drainTimeout"))


def _drains(state: QueueState) -> bool:
    return bool(state.spec.get("deletionPolicy") == "Drain")


def _blocks(state: QueueState) -> bool:
    return state.effective is not None and state.effective.get("deadLetter.deletionPolicy") == "Block"


def _purges(state: QueueState) -> bool:
    return manages(state.spec) and state.spec.get("deletionPolicy") == "Purge"


def _purges_dead_letters(state: QueueState) -> bool:
    return (
        manages(state.spec)
        and state.effective is not None
        and state.effective.get("deadLetter.deletionPolicy") == "Purge"
    )
