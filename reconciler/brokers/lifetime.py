"""The brokers' connections in the life of the process: made before the first pass, tidied, closed at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from kube.resources import SECRETS
from reconciler.adminapi import AdminAPI
from reconciler.brokers.access import Brokers
from reconciler.brokers.connect import Limits
from reconciler.context import Context

TIDY_SECONDS: Final = 60.0


async def prepare(ctx: Context) -> None:
    async def read_secret(namespace: str, name: str) -> Mapping[str, Any]:
        return await ctx.client.get(SECRETS, name, namespace)

    limits = Limits(allow_local=ctx.settings.local_brokers)
    ctx.admin = AdminAPI(local=ctx.settings.local_brokers)
    ctx.brokers = Brokers(read_secret, limits, ctx.monotonic, lambda: ctx.clock().timestamp())


async def keep(ctx: Context) -> None:
    """Runs until it is cancelled."""
    try:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            await ctx.brokers.tidy()
    finally:
        await ctx.brokers.close()
        await ctx.admin.close()
