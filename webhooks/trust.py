"""The certificate this process serves, and whether the API server would accept it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from certs.authority import issue_leaf, new_authority
from certs.inject import injected_bundle
from certs.selfcheck import why_not_trusted
from certs.serving import LiveContext
from certs.sources import FolderSource, LeafSource, SecretSource
from certs.store import own_bundle
from kube.client import Client
from webhooks.metrics import Metrics
from webhooks.readiness import Need, Readiness
from webhooks.settings import Settings, Trust

FIRST_CHECK_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 60.0
THROWAWAY_LIFETIME: Final = timedelta(days=30)

log = logging.getLogger(__name__)
Check = Callable[[], Awaitable[str | None]]


def source(client: Client | None, namespace: str, folder: Path | None) -> LeafSource | None:
    """Where the leaf comes from; None where there is neither folder nor cluster, and a throwaway one has to do."""
    if folder is not None:
        return FolderSource(folder)
    return None if client is None else SecretSource(client, namespace)


def offer_throwaway(live: LiveContext) -> None:
    """A leaf for `localhost` that nobody trusts, for trying things out without a cluster."""
    now = datetime.now(UTC)
    live.offer(issue_leaf(new_authority(now, THROWAWAY_LIFETIME), ["localhost"], now, THROWAWAY_LIFETIME))


def check(live: LiveContext, client: Client | None, namespace: str, settings: Settings, port: int) -> Check:
    """Asks why what is served here would not be trusted; without a cluster, whether anything is served."""
    bundle = own_bundle if settings.trust is Trust.SECRET else injected_bundle
    host = settings.host or "127.0.0.1"

    async def served() -> str | None:
        return None if live.served is not None else live.fault or "there is no certificate yet"

    async def trusted() -> str | None:
        assert client is not None  # noqa: S101 - chosen below only where there is one
        return await served() or await why_not_trusted(client, namespace, settings.service, port, host, bundle)

    return served if client is None else trusted


async def watch(
    ask: Check,
    readiness: Readiness,
    metrics: Metrics,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Every second until the first success, which counts for readiness; every minute after it, for the metric alone."""
    told: str | None = None
    while True:
        why = await ask()
        metrics.verified(why is None)
        if why is None:
            readiness.meet(Need.HANDSHAKE)
        elif why != told:
            log.warning("the API server would not accept our certificate: %s", why)
        told = why
        await sleep(FIRST_CHECK_SECONDS if not readiness.met(Need.HANDSHAKE) else CHECK_SECONDS)
