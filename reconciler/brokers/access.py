"""The way from a Queue to its broker: which Secrets it needs, where it leads, and the shared connections.

Secrets are read when they are needed and kept for half a minute; a refusal by the broker makes them be read again at
the next look, so a changed password is noticed within a poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from crds.v1 import QueueSpec
from crds.v1.broker import Broker, Redis, SecretKeyRef, SecretRef, Sentinel
from kube.errors import ApiError, Forbidden, NotFound
from reconciler.brokers import groups, layouts
from reconciler.brokers.connect import IDLE_SECONDS, Limits
from reconciler.brokers.endpoint import TLSOptions, resolve
from reconciler.brokers.errors import BrokerError, BrokerUnreachable, CredentialsMissing
from reconciler.brokers.links import AnyLink, Links
from reconciler.brokers.links import Place as Site
from reconciler.brokers.observation import Observation
from reconciler.brokers.redis_queue import DUE_SECONDS, RedisQueue
from reconciler.brokers.together import AT_ONCE, Found, observe_together
from reconciler.brokers.trust import Secret

KEPT_SECONDS: Final = 30.0
Place: TypeAlias = tuple[str, str, QueueSpec, float]
"""Namespace, name and spec of a Queue, and how soon scheduled jobs have to be due to be counted, in seconds."""
ReadSecret: TypeAlias = Callable[[str, str], Awaitable[Mapping[str, Any]]]
"""Namespace and name to the Secret as the API server has it; raises ApiError."""


class Brokers:
    """One for the process. `monotonic` is its steady clock, `clock` gives seconds since the epoch."""

    def __init__(
        self, read_secret: ReadSecret, limits: Limits, monotonic: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        self._read_secret = read_secret
        self._links = Links(limits, monotonic)
        self._monotonic = monotonic
        self._clock = clock
        self._secrets: dict[tuple[str, str], tuple[float, Secret]] = {}
        self._sites: dict[tuple[str, object, str], tuple[tuple[object, ...], Site]] = {}
        self._queues: dict[tuple[str, str], tuple[QueueSpec, RedisQueue]] = {}

    async def observe(
        self, namespace: str, name: str, spec: QueueSpec, due_seconds: float = DUE_SECONDS
    ) -> Observation:
        """Reads a Queue; raises `BrokerError`, and `ApiError` where the API server does not give the Secret."""
        try:
            link = await self.link(namespace, spec.broker)
            return await layouts.observer(name, spec, link, self._clock, due_seconds).observe()
        except BrokerError as error:
            self._distrust(error, namespace, spec)
            raise

    async def link(self, namespace: str, broker: Broker) -> AnyLink:
        """The connections to a Queue's broker; raises as `observe` does."""
        redis = layouts.supported(broker)
        return self._links.to(await self._site(namespace, broker, redis))

    async def observe_each(self, places: Sequence[Place], tell: Callable[[Place, Found], None]) -> None:
        """Reads many Queues, those of one broker together, and tells of each as soon as it is known.

        Where the API server does not give a Secret, that is told as unreachable.
        """
        by_link: dict[AnyLink, list[Place]] = {}
        for place, link in zip(places, await self._links_of(places), strict=True):
            if isinstance(link, BrokerError):
                self._distrust(link, place[0], place[2])
                tell(place, link)
            else:
                by_link.setdefault(link, []).append(place)
        await asyncio.gather(*(self._observe(link, own, tell) for link, own in by_link.items()))

    async def _links_of(self, places: Sequence[Place]) -> list[AnyLink | BrokerError]:
        """Secrets are read side by side; where there are none, nothing waits."""
        if not any(spec.broker.connection_secret_ref or spec.broker.tls for _, _, spec, _ in places):
            return [await self._link_or_error(place) for place in places]
        return await asyncio.gather(*map(self._link_or_error, places))

    async def _link_or_error(self, place: Place) -> AnyLink | BrokerError:
        try:
            return await self.link(place[0], place[2].broker)
        except BrokerError as error:
            return error
        except ApiError as error:
            return BrokerUnreachable(f"the Secret cannot be read: {error}")

    async def _observe(self, link: AnyLink, places: Sequence[Place], tell: Callable[[Place, Found], None]) -> None:
        for first in range(0, len(places), AT_ONCE):
            some = places[first : first + AT_ONCE]
            observers = [partial(layouts.observe, self._queue(place), place[2], self._clock) for place in some]
            for place, found in zip(some, await observe_together(link, observers), strict=True):
                if isinstance(found, BrokerError):
                    self._distrust(found, place[0], place[2])
                tell(place, found)

    def _queue(self, place: Place) -> RedisQueue:
        """Where the queue is in its Redis, as the same object as long as the spec is the same."""
        namespace, name, spec, due_seconds = place
        known = self._queues.get((namespace, name))
        if known is None or known[0] is not spec or known[1].due_seconds != due_seconds:
            known = self._queues[namespace, name] = (spec, layouts.redis_queue(name, spec, due_seconds))
        return known[1]

    def _distrust(self, error: BrokerError, namespace: str, spec: QueueSpec) -> None:
        """A refusal may mean that the Secret has changed."""
        if not error.passes:
            self._forget(namespace, spec.broker)

    async def tidy(self) -> None:
        """Drops what nobody has used for a while."""
        await self._links.close_idle()
        now = self._monotonic()
        self._secrets = {key: kept for key, kept in self._secrets.items() if now - kept[0] <= IDLE_SECONDS}
        self._sites.clear()
        self._queues.clear()

    async def close(self) -> None:
        await self._links.close()

    async def _site(self, namespace: str, broker: Broker, redis: Redis) -> Site:
        """Worked out anew only where something that it follows from has changed."""
        secret = None
        if broker.connection_secret_ref is not None:
            secret = await self._secret(namespace, broker.connection_secret_ref.name)
        where, tls = redis.sentinel or redis.url or "", await self._tls(namespace, broker)
        source = (where, secret, tls)
        key = (namespace, where, secret.name if secret is not None else "")
        known = self._sites.get(key)
        if known is None or known[0] != source:
            known = self._sites[key] = (source, _site(where, secret, tls))
        return known[1]

    async def _tls(self, namespace: str, broker: Broker) -> TLSOptions | None:
        tls = broker.tls
        if tls is None:
            return None
        ca, client = "", None
        if tls.ca_secret_ref is not None:
            holder = await self._secret(namespace, tls.ca_secret_ref.name)
            ca = holder.text(tls.ca_secret_ref.key)
            if not ca:
                raise CredentialsMissing(f'Secret "{holder.name}" has no key "{tls.ca_secret_ref.key}"')
        if tls.client_cert_secret_ref is not None:
            client = await self._secret(namespace, tls.client_cert_secret_ref.name)
        return TLSOptions(ca, client, tls.server_name or "", not tls.insecure_skip_verify)

    async def _secret(self, namespace: str, name: str) -> Secret:
        kept = self._secrets.get((namespace, name))
        now = self._monotonic()
        if kept is not None and now - kept[0] <= KEPT_SECONDS:
            return kept[1]
        try:
            secret = Secret.of(await self._read_secret(namespace, name))
        except NotFound:
            raise CredentialsMissing(f'Secret "{name}" does not exist') from None
        except Forbidden:
            raise CredentialsMissing(f'Headgate may not read Secret "{name}": its role does not allow it') from None
        except ApiError:
            # Queues are read on while the API server is away.
            if kept is None:
                raise
            return kept[1]
        self._secrets[namespace, name] = (now, secret)
        return secret

    def _forget(self, namespace: str, broker: Broker) -> None:
        refs: list[SecretRef | SecretKeyRef | None] = [broker.connection_secret_ref]
        if broker.tls is not None:
            refs += [broker.tls.ca_secret_ref, broker.tls.client_cert_secret_ref]
        for ref in refs:
            if ref is not None:
                self._secrets.pop((namespace, ref.name), None)


def _site(where: str | Sentinel, secret: Secret | None, tls: TLSOptions | None) -> Site:
    if isinstance(where, str):
        return resolve(where, secret, tls)
    return groups.sentinels(where.master_name, where.addresses, secret, tls)
