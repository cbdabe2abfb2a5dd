"""Leader election over a coordination.k8s.io Lease, with client-go's rules and times.

A candidate judges a foreign lease only by its own monotonic clock: the lease counts as held until `lease_duration` has
passed since this process last saw it change, so wall clocks need not agree. The holder renews every `retry_period` and
stops acting after `renew_deadline` without success, which is before anyone else may take over. So at most one process
believes that it leads, as long as its clock runs evenly; writes that must not be done twice are still guarded by
preconditions of their own.

Unlike client-go's, a holder that could not renew in time keeps its term: it goes on trying, and acts again once it has
renewed what nobody else has written. Every write of the lease tests its version, so nobody led in between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, NoReturn

from kube.client import Client, Object
from kube.errors import ApiError, Conflict, NotFound
from kube.resources import LEASES

log = logging.getLogger(__name__)

_JITTER: Final = 1.2


class LeadershipLost(Exception):  # noqa: N818 - an event that ends the term, not a fault
    """Another process holds the lease, or may have held it."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. `renew_deadline` must lie below `lease_duration`, `retry_period` well below both."""

    lease_duration: int = 15
    renew_deadline: float = 10.0
    retry_period: float = 2.0

    def __post_init__(self) -> None:
        if not self.lease_duration > self.renew_deadline > self.retry_period * _JITTER:
            raise ValueError(f"a lease must outlive its renewals: {self}")


@dataclass(frozen=True, slots=True)
class Environment:
    """What the election takes from outside: both clocks, sleep and chance."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rng: Random = field(default_factory=Random)


class LeaderElection:
    """One candidate. `identity` must differ between any two processes, restarts included."""

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        identity: str,
        times: Times | None = None,
        environment: Environment | None = None,
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self.identity = identity
        self.times = times or Times()
        self._env = environment or Environment()
        self._seen: Object | None = None
        self._seen_at = float("-inf")
        self._renewed_at = float("-inf")

    @property
    def holder(self) -> str:
        """Who held the lease when it was last seen; empty for nobody."""
        return str(_spec(self._seen).get("holderIdentity") or "")

    @property
    def leading(self) -> bool:
        """True while this process may act: the lease is ours, and its last renewal is within the deadline."""
        return self._env.monotonic() - self._renewed_at < self.times.renew_deadline

    async def acquire(self) -> None:
        """Return once the lease is ours. API errors are logged and outlived."""
        while not await self._try(self._acquire):
            chance = self._env.rng.random()
            # Looking just after the lease ends saves a whole retry; the spread keeps candidates apart.
            expires = self._expires_in() + chance * self.times.retry_period / 4
            retry = self.times.retry_period * (1 + _JITTER * chance)
            await self._env.sleep(min(retry, expires) if expires > 0 else retry)
        log.info("leading as %s", self.identity)

    async def keep(self, regained: Callable[[], object] = lambda: None) -> NoReturn:
        """Renew until another holds the lease; then raise LeadershipLost.

        `regained` is called after each renewal that comes after some that failed.
        """
        failed = False
        while True:
            await self._env.sleep(self.times.retry_period)
            acted = self.leading
            renewed = await self._try(self._renew)
            if not renewed and self.holder != self.identity:
                raise self._lost(f"{self.holder or 'nobody'} holds the lease")
            if acted and not self.leading:
                seconds = self.times.renew_deadline
                log.warning(
                    "nothing is written until the lease %s is renewed: it was not for %g s", self._name, seconds
                )
            if renewed and failed:
                log.info("the lease %s is renewed again", self._name)
                regained()
            failed = not renewed

    async def release(self) -> None:
        """Let go, so that another candidate need not wait. Nothing happens when the lease is not ours."""
        if self._seen is None or self.holder != self.identity:
            return
        self._renewed_at = float("-inf")
        lease = self._record(_spec(self._seen), holder="", seconds=1)
        try:
            self._seen = await self._write(lease)
        except ApiError as error:
            log.warning("the lease %s could not be released, it expires by itself: %s", self._name, error)

    async def _try(self, attempt: Callable[[], Awaitable[bool]]) -> bool:
        """One attempt to acquire or renew, over within the time that is left for it."""
        since = self._env.monotonic()
        left = self._renewed_at + self.times.renew_deadline - since
        try:
            async with asyncio.timeout(left if left > 0 else self.times.renew_deadline):
                held = await attempt()
        except Conflict as error:
            log.debug("the lease %s was written by another: %s", self._name, error)
            return False
        except (ApiError, TimeoutError) as error:
            log.warning("the lease %s: %s", self._name, str(error) or "no answer in time")
            return False
        if held:
            # Counted from before the request: the server may have written it at once and answered late.
            self._renewed_at = since
        return held

    async def _acquire(self) -> bool:
        if await self._look() is None:
            await self._make()
        elif self.holder in ("", self.identity) or self._expires_in() <= 0:
            await self._write_ours()
        else:
            return False
        return True

    async def _renew(self) -> bool:
        # The version we wrote last is the only one that may be overwritten unseen. It may also be that an earlier write
        # of ours arrived though its answer did not, or that somebody deleted the lease: then look.
        with suppress(Conflict, NotFound):
            await self._write_ours()
            return True
        if await self._look() is not None:
            if self.holder != self.identity:
                return False
            await self._write_ours()
        elif self.leading:
            await self._make()
        else:
            # Others could have made it, led, and deleted it.
            self._seen = None
            return False
        return True

    async def _make(self) -> None:
        self._see(await self._client.create(LEASES, self._record({}, self.identity)))

    async def _write_ours(self) -> None:
        self._see(await self._write(self._record(_spec(self._seen), self.identity)))

    async def _write(self, lease: Object) -> Object:
        version = (self._seen or {})["metadata"]["resourceVersion"]
        lease["metadata"]["resourceVersion"] = version
        return await self._client.replace(LEASES, lease)

    async def _look(self) -> Object | None:
        try:
            lease = await self._client.get(LEASES, self._name, self._namespace)
        except NotFound:
            return None
        if self._seen is None or lease["metadata"]["resourceVersion"] != self._seen["metadata"]["resourceVersion"]:
            self._see(lease)
        return lease

    def _see(self, lease: Object) -> None:
        self._seen, self._seen_at = lease, self._env.monotonic()

    def _expires_in(self) -> float:
        """Seconds until the lease may be taken over, as far as this process knows; negative when it may."""
        seconds = float(_spec(self._seen).get("leaseDurationSeconds") or self.times.lease_duration)
        return self._seen_at + seconds - self._env.monotonic()

    def _record(self, before: Object, holder: str, seconds: int | None = None) -> Object:
        now = self._env.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        same = before.get("holderIdentity") == holder
        taken = bool(before) and not same and holder != ""
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": seconds or self.times.lease_duration,
                "acquireTime": before.get("acquireTime") if same and before.get("acquireTime") else now,
                "renewTime": now,
                "leaseTransitions": int(before.get("leaseTransitions") or 0) + taken,
            },
        }

    def _lost(self, why: str) -> LeadershipLost:
        self._renewed_at = float("-inf")
        return LeadershipLost(f"{self.identity} no longer leads: {why}")


def _spec(lease: Object | None) -> dict[str, Any]:
    return (lease or {}).get("spec") or {}
