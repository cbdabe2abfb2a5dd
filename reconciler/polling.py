"""Reads all queues at rest, those of one broker in one round trip, and wakes whom the news concern.

Pools are woken as soon as a number they decide on has changed, before the Queue's own status is thought of. A reading
that fails is not believed here: the Queue's own pass reads once more and says what is wrong, at once where somebody has
to change something, else when it happens twice in a row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from crds import meta
from reconciler import metrics
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observer import Found, Place
from reconciler.brokers.sight import moved, seen
from reconciler.compliance import EVERY_SECONDS
from reconciler.context import Context
from reconciler.keys import Key
from reconciler.observations import QueueName
from reconciler.phases.queue.ahead import due_seconds
from reconciler.phases.queue.observe import measure, measure_age, next_poll
from reconciler.phases.queue.told import told
from reconciler.polls import TICK_SECONDS, Poll, following

log = logging.getLogger(__name__)


async def keep(ctx: Context) -> None:
    """Runs until it is cancelled."""
    async with asyncio.TaskGroup() as tasks:
        while True:
            if due := ctx.polls.due(ctx.monotonic()):
                tasks.create_task(read(due, ctx))
            await asyncio.sleep(TICK_SECONDS)


async def read(due: Sequence[Poll], ctx: Context) -> None:
    """One reading of each."""
    polls = {poll.name: poll for poll in due}
    places: list[Place] = [(*poll.name, poll.spec, due_seconds(poll.name, ctx)) for poll in due]
    try:
        await ctx.brokers.observe_each(places, partial(_tell, polls, ctx))
    except Exception:
        log.exception("reading %d queues together", len(places))
        for poll in list(polls.values()):
            _hand_over(poll, ctx)


def _tell(polls: dict[QueueName, Poll], ctx: Context, place: Place, found: Found) -> None:
    poll = polls.pop(QueueName(*place[:2]))
    if not ctx.polls.holds(poll):
        return
    now = ctx.monotonic()
    if isinstance(found, BrokerError):
        _missed(poll, found, now, ctx)
        return
    poll.failed = False
    latest = ctx.observations.latest(poll.name)
    before = latest.value if latest is not None else None
    sight = poll.seen = seen(before, found, now)
    ctx.observations.record(poll.name, sight, wake=moved(before, sight), due=poll.due)
    words = told(poll.name, sight, ctx)
    if words is None:
        _hand_over(poll, ctx)
        return
    _compare(poll, *words, now, ctx)
    ctx.polls.again(poll, following(poll.due, now, next_poll(ctx, poll.spec)))


def _compare(poll: Poll, lasting: object, numbers: object, now: float, ctx: Context) -> None:
    assert poll.seen is not None  # noqa: S101 - for the type checker: it has just been read
    key = Key(meta.QUEUE.kind, *poll.name)
    if numbers == poll.numbers:
        measure_age(ctx, poll.name, poll.seen)
    else:
        measure(ctx, poll.name, poll.seen)
        poll.numbers = numbers
        ctx.wake_after(key, max(0.0, ctx.fast_at(key) - now))
    if lasting != poll.lasting or now >= poll.pass_at:
        poll.lasting, poll.pass_at = lasting, now + EVERY_SECONDS
        ctx.wake(key)


def _missed(poll: Poll, error: BrokerError, now: float, ctx: Context) -> None:
    """What passes by itself is tried once more: a late answer must not make a pass of every queue of a busy broker."""
    ctx.metrics.add(metrics.QUEUE_READS, *poll.name, error.reason)
    if poll.failed or not error.passes:
        _hand_over(poll, ctx)
        return
    poll.failed = True
    ctx.polls.again(poll, following(poll.due, now, next_poll(ctx, poll.spec)))


def _hand_over(poll: Poll, ctx: Context) -> None:
    """The Queue's own passes read it from now on."""
    if ctx.polls.holds(poll):
        ctx.polls.drop(poll.name)
        ctx.wake(Key(meta.QUEUE.kind, *poll.name))
