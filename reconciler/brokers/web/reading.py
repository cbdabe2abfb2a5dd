"""The way from a Queue to a broker that is asked over HTTP, for one Queue and for many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from crds.v1 import QueueSpec
from crds.v1.broker import Broker, Prometheus
from kube.errors import ApiError
from reconciler.brokers.connect import Limits
from reconciler.brokers.errors import BrokerError, BrokerUnreachable
from reconciler.brokers.observation import Observation
from reconciler.brokers.observer import Found, Place
from reconciler.brokers.prometheus import address as prometheus_address
from reconciler.brokers.prometheus import queue as prometheus_queue
from reconciler.brokers.secrets import Secrets
from reconciler.brokers.web.client import Client, Clients

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

    async def observe(self, namespace: str, spec: QueueSpec) -> Observation:
        """Reads a Queue; raises `BrokerError`, and `ApiError` where the API server does not give the Secret."""
        return await self._read(await self._client(namespace, spec.broker), spec)

    async def observe_each(self, places: Sequence[Place], tell: Callable[[Place, Found], None]) -> None:
        """Reads many Queues and tells of each as soon as it is known."""
        await asyncio.gather(*(self._tell(place, tell) for place in places))

    async def close_idle(self) -> None:
        await self._clients.close_idle()

    async def close(self) -> None:
        await self._clients.close()

    async def _tell(self, place: Place, tell: Callable[[Place, Found], None]) -> None:
        found: Found
        async with self._places:
            try:
                found = await self.observe(place[0], place[2])
            except BrokerError as error:
                found = error
            except ApiError as error:
                found = BrokerUnreachable(f"the Secret cannot be read: {error}")
        tell(place, found)

    async def _client(self, namespace: str, broker: Broker) -> Client:
        secret, tls = await self._secrets.of(namespace, broker)
        return self._clients.get(prometheus_address.site_of(_prometheus(broker).url, secret, tls))

    async def _read(self, client: Client, spec: QueueSpec) -> Observation:
        return await prometheus_queue.observe(client, _prometheus(spec.broker).queries, self._clock)


def _prometheus(broker: Broker) -> Prometheus:
    assert broker.prometheus is not None  # noqa: S101 - for the type checker: the caller has looked
    return broker.prometheus
