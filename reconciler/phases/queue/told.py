"""All that status says of a readable queue, as few values: while they stay the same, so does what is said."""

from __future__ import annotations

from collections.abc import Hashable

from reconciler.brokers.sight import Sight
from reconciler.context import Context
from reconciler.observations import QueueName
from reconciler.phases.queue.follow import behind
from reconciler.plans.flow import LONG_SECONDS


def told(name: QueueName, sight: Sight, ctx: Context) -> tuple[Hashable, Hashable] | None:
    """What conditions say, and the numbers; None while anything is wrong, which is always told in full."""
    seen, flow = sight.readable, sight.flow
    if seen is None or flow is None or sight.doubt is not None:
        return None
    lasting = (
        seen.dead_letters,
        seen.unclear and seen.refused,
        (seen.waiting.method, seen.running.method, seen.scheduled.method, sight.oldest.method),
        (sight.counted.arrived.method, sight.counted.completed.method),
        ctx.store.has_pools(*name),
        behind(name, ctx, seen),
    )
    rates = (sight.wait.value, flow.arrivals(LONG_SECONDS), flow.completions(LONG_SECONDS))
    numbers = (seen.waiting.value, seen.running.value, seen.scheduled.value, sight.oldest.value, rates)
    return lasting, numbers
