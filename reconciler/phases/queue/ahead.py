"""How soon a scheduled job has to be due for a worker to be started for it now."""

from __future__ import annotations

from math import ceil

from reconciler.context import Context
from reconciler.observations import QueueName
from reconciler.plans.facts import DEFAULT_STARTUP_SECONDS


def due_seconds(queue: QueueName, ctx: Context) -> float:
    """The longest start-up of the pools that work the queue off, and a poll; in whole seconds, so that it rests."""
    pools = (ctx.pools.get(pool["metadata"]["uid"]) for pool in ctx.store.pools_of_queue(*queue))
    startups = [pool.startup_seconds for pool in pools if pool is not None and pool.startup_seconds is not None]
    return ceil(max(startups, default=DEFAULT_STARTUP_SECONDS) + ctx.settings.poll)
