"""The way from a Queue to a broker that is asked over HTTP, for one Queue and for many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from crds.v1 import QueueSpec
from crds.v1.broker import Broker
from reconciler.brokers.connect import Limits
from reconciler.brokers.endpoint import TLSOptions
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.observation import Observation
from reconciler.brokers.observer import Found, Place
from reconciler.brokers.prometheus import address as prometheus_address
from reconciler.brokers.prometheus import queue as prometheus_queue
from reconciler.brokers.rabbitmq import address as rabbitmq_address
from reconciler.brokers.rabbitmq import vhost as rabbitmq_vhost
from reconciler.brokers.rabbitmq.vhost import Wanted
from reconciler.brokers.secrets import Secrets, or_error
from reconciler.brokers.trust import Secret
from reconciler.brokers.web.client import Client, Clients
from reconciler.brokers.web.site import Site

AT_ONCE: Final = 16
"""Queues that are read side by side; their questions wait for a connection, of which there are fewer."""


class WebBrokers:
    """One for the process. `monotonic` is its steady clock, `clock` gives seconds since the epoch."""

    def __init__(
        self, secrets: Secrets, limits: Limits, monotonic: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        self._secrets = secrets
        self._clients = Clients(limits, monotonic)
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE)

    async def observe(self, namespace: str, name: str, spec: QueueSpec) -> Observation:
        """Reads a Queue; raises `BrokerError`, and `ApiError` where the API server does not give the Secret."""
        client = await self._client(namespace, spec.broker)
        if spec.broker.prometheus is not None:
            return await prometheus_queue.observe(client, spec.broker.prometheus.queries, self._clock)
        (found,) = await rabbitmq_vhost.observe(client, _vhost(spec.broker), [_wanted(name, spec)], self._clock)
        if isinstance(found, BrokerError):
            raise found
        return found

    async def observe_each(self, places: Sequence[Place], tell: Callable[[Place, Found], None]) -> None:
        """Reads many Queues, those of one vhost together, and tells of each as soon as it is known."""
        alone = [place for place in places if place[2].broker.rabbitmq is None]
        others = [place for place in places if place[2].broker.rabbitmq is not None]
        await asyncio.gather(*(self._tell(place, tell) for place in alone), self._tell_by_vhost(others, tell))

    async def close_idle(self) -> None:
        await self._clients.close_idle()

    async def close(self) -> None:
        await self._clients.close()

    async def _tell(self, place: Place, tell: Callable[[Place, Found], None]) -> None:
        async with self._places:
            found = await or_error(self.observe(*place[:3]))
        tell(place, found)

    async def _tell_by_vhost(self, places: Sequence[Place], tell: Callable[[Place, Found], None]) -> None:
        vhosts: dict[tuple[Client, str], list[Place]] = {}
        clients = await asyncio.gather(*(or_error(self._client(place[0], place[2].broker)) for place in places))
        for place, client in zip(places, clients, strict=True):
            if isinstance(client, BrokerError):
                tell(place, client)
            else:
                vhosts.setdefault((client, _vhost(place[2].broker)), []).append(place)
        await asyncio.gather(*(self._tell_vhost(*one, own, tell) for one, own in vhosts.items()))

    async def _tell_vhost(
        self, client: Client, vhost: str, places: Sequence[Place], tell: Callable[[Place, Found], None]
    ) -> None:
        wanted = [_wanted(name, spec) for _, name, spec, _ in places]
        for place, found in zip(places, await rabbitmq_vhost.observe(client, vhost, wanted, self._clock), strict=True):
            tell(place, found)

    async def _client(self, namespace: str, broker: Broker) -> Client:
        secret, tls = await self._secrets.of(namespace, broker)
        return self._clients.get(_site(broker, secret, tls))


def _site(broker: Broker, secret: Secret | None, tls: TLSOptions | None) -> Site:
    if broker.prometheus is not None:
        return prometheus_address.site_of(broker.prometheus.url, secret, tls)
    assert broker.rabbitmq is not None  # noqa: S101 - for the type checker: it is one of the two
    return rabbitmq_address.site_of(broker.rabbitmq, secret, tls)


def _vhost(broker: Broker) -> str:
    return (broker.rabbitmq.vhost if broker.rabbitmq else None) or "/"


def _wanted(name: str, spec: QueueSpec) -> Wanted:
    return Wanted(spec.queue_name or name, (spec.dead_letter.queue_name if spec.dead_letter else None) or "")
