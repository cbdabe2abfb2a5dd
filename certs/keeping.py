"""The leader's task: certificates that are good, and an API server that trusts them, at any time.

A pass looks at the wall clock once a minute (timers do not run while a machine sleeps) and whenever one of the webhook
configurations changes, so a caBundle that somebody overwrote is back at once. Its order is what makes a change of
authority safe: read what is injected, take the step that this allows, inject what the step left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NoReturn

from certs.inject import CONFIGURATIONS, NotInjectedError, Outcome, configuration_name, inject, injected_bundle
from certs.rotation import Lifetimes
from certs.store import Bundle, ForeignSecretError, ensure
from kube.client import Client
from kube.errors import ApiError
from kube.informer import Alive, follow
from kube.resources import Resource

INTERVAL_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass left. With a `fault` there is no bundle, and the next pass comes after RETRY_SECONDS."""

    bundle: Bundle | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    fault: str = ""


async def keep_injected(
    client: Client,
    namespace: str,
    service: str,
    clock: Callable[[], datetime],
    report: Callable[[Report], None],
    *,
    lifetimes: Lifetimes | None = None,
    interval: float = INTERVAL_SECONDS,
) -> NoReturn:
    """Runs until it is cancelled, which the leader does when it stops leading. `report` hears of every pass."""
    changed = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for resource in CONFIGURATIONS:
            tasks.create_task(_listen(client, resource, configuration_name(namespace), changed))
        while True:
            changed.clear()
            outcome = await one_pass(client, namespace, service, clock, lifetimes)
            report(outcome)
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS if outcome.fault else interval):
                    await changed.wait()


async def one_pass(
    client: Client,
    namespace: str,
    service: str,
    clock: Callable[[], datetime],
    lifetimes: Lifetimes | None = None,
) -> Report:
    """Certificates renewed where they are due, and injected where they are not."""
    try:
        injected = await _injected(client, namespace)
        bundle = await ensure(client, namespace, service, clock, lifetimes=lifetimes, injected=injected)
        name = configuration_name(namespace)
        outcomes = {kind.kind: await inject(client, kind, name, bundle.trusted) for kind in CONFIGURATIONS}
    except (ApiError, ForeignSecretError) as error:
        log.warning("certificates: %s", error)
        return Report(fault=str(error))
    return Report(bundle, outcomes)


async def _injected(client: Client, namespace: str) -> bytes:
    try:
        return await injected_bundle(client, namespace)
    except NotInjectedError:
        return b""


async def _listen(client: Client, resource: Resource, name: str, changed: asyncio.Event) -> None:
    async for change in follow(client, resource, field_selector=f"metadata.name={name}"):
        if not isinstance(change, Alive):
            changed.set()
