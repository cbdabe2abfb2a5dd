"""The leader's task: certificates that are good, and an API server that trusts them, at any time.

A pass looks at the wall clock once a minute (timers do not run while a machine sleeps), whenever the Secret or one of
the webhook configurations changes, so that what somebody overwrote or deleted is back at once, and every few seconds
while a change is under way. Its order is what makes a change of authority safe: read what is injected and what is
served, take the step that this allows, inject what the step left.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NoReturn

from cryptography.hazmat.primitives.serialization import Encoding

from certs.inject import CONFIGURATIONS, Injection, Outcome, configuration_name, inject, read_injection
from certs.material import CA_CERTIFICATE, read_bundle
from certs.replicas import why_not_verified
from certs.rotation import Data, Lifetimes, Seen, Step, awaits_replicas
from certs.store import EVERY_STEP, NAME, Bundle, ForeignSecretError, Look, ensure
from kube.client import Client
from kube.errors import ApiError
from kube.informer import Alive, follow
from kube.resources import SECRETS, Resource

INTERVAL_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 5.0
LOOKS_A_LIFE: Final = 12
PAUSE_SECONDS: Final = 0.5
"""Between two passes: somebody who overwrites caBundle in a loop is answered twice a second, not a thousand times."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What is kept: the certificates of `service` in `namespace`, injected into its configurations among `targets`."""

    namespace: str
    service: str
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    targets: tuple[Resource, ...] = CONFIGURATIONS
    steps: frozenset[Step] = EVERY_STEP


LEAF_ONLY: Final = frozenset({Step.NEW_AUTHORITY, Step.NEW_LEAF})
"""The steps of a leader that may not inject: an authority changes only where it cannot be helped."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass left. With a `fault` there is no bundle, and the next pass comes soon."""

    bundle: Bundle | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    drift: int | None = None
    """Webhooks that were found with another bundle than the Secret's; None where that could not be seen."""
    fault: str = ""


class Keeper:
    """Remembers between passes only since when the bundle is injected; a new leader waits for that anew."""

    def __init__(
        self,
        client: Client,
        duty: Duty,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._duty = duty
        self._clock = clock
        self._monotonic = monotonic
        self._injected: tuple[bytes, float] | None = None

    async def one_pass(self) -> Report:
        """Certificates renewed where they are due, and injected where they are not."""
        duty, drift = self._duty, None
        name = configuration_name(duty.namespace)
        try:
            injection = await read_injection(self._client, duty.targets, name)

            async def look(data: Data) -> Seen:
                nonlocal drift
                drift = injection.differing(data.get(CA_CERTIFICATE, b""))
                return await self._look(data, drift)

            bundle = await self._ensured(injection, look)
            outcomes = {kind.kind: await inject(self._client, kind, name, bundle.trusted) for kind in duty.targets}
        except (ApiError, ForeignSecretError) as error:
            log.warning("certificates: %s", error)
            return Report(drift=drift, fault=str(error))
        return Report(bundle, outcomes, drift)

    async def _ensured(self, injection: Injection, look: Look) -> Bundle:
        duty = self._duty
        return await ensure(
            self._client,
            duty.namespace,
            duty.service,
            self._clock,
            lifetimes=duty.lifetimes,
            injected=injection.some,
            look=look,
            steps=duty.steps,
        )

    async def _look(self, data: Data, drift: int) -> Seen:
        since = self._injected_since(data.get(CA_CERTIFICATE, b""), drift)
        injected_for = None if since is None else timedelta(seconds=self._monotonic() - since)
        if not awaits_replicas(data):
            return Seen(injected_for)
        newest = read_bundle(data)[0].public_bytes(Encoding.PEM)
        why = await why_not_verified(self._client, self._duty.namespace, self._duty.service, newest)
        return Seen(injected_for, why)

    def _injected_since(self, bundle: bytes, drift: int) -> float | None:
        if drift:
            self._injected = None
        elif self._injected is None or self._injected[0] != bundle:
            self._injected = (bundle, self._monotonic())
        return self._injected[1] if self._injected else None


async def keep(
    client: Client,
    duty: Duty,
    clock: Callable[[], datetime],
    report: Callable[[Report], None],
    *,
    interval: float = INTERVAL_SECONDS,
) -> NoReturn:
    """Runs until it is cancelled, which the leader does when it stops leading. `report` hears of every pass."""
    keeper, changed = Keeper(client, duty, clock), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_listen(client, SECRETS, duty.namespace, NAME, changed))
        for resource in duty.targets:
            tasks.create_task(_listen(client, resource, None, configuration_name(duty.namespace), changed))
        while True:
            changed.clear()
            outcome = await keeper.one_pass()
            report(outcome)
            await asyncio.sleep(PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_wait(outcome, duty, interval)):
                    await changed.wait()


def _wait(outcome: Report, duty: Duty, interval: float) -> float:
    if outcome.bundle is None or outcome.bundle.waiting:
        return min(RETRY_SECONDS, duty.lifetimes.settle.total_seconds(), interval)
    # Lifetimes of seconds, as in trials, are not looked after by the minute.
    return min(interval, duty.lifetimes.leaf.total_seconds() / LOOKS_A_LIFE)


async def _listen(client: Client, resource: Resource, namespace: str | None, name: str, changed: asyncio.Event) -> None:
    async for change in follow(client, resource, namespace, field_selector=f"metadata.name={name}"):
        if not isinstance(change, Alive):
            changed.set()
