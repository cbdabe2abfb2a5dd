"""The way from a Queue to its broker: which Secrets it needs, where it leads, and the shared connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, TypeVar

from crds.v1 import QueueSpec
from crds.v1.broker import Broker, Redis
from reconciler.brokers import groups, layouts
from reconciler.brokers.connect import Limits
from reconciler.brokers.errors import BrokerError
from reconciler.brokers.groups import Site
from reconciler.brokers.links import AnyLink, Links
from reconciler.brokers.observation import Observation
from reconciler.brokers.observer import Found, Place
from reconciler.brokers.reader import Reader
from reconciler.brokers.redis_queue import DUE_SECONDS
from reconciler.brokers.secrets import ReadSecret, Secrets, or_error
from reconciler.brokers.together import AT_ONCE, observe_together
from reconciler.brokers.web.reading import WebBrokers

TOLD_AT_ONCE: Final = 20
"""So many readings are told in one turn of the event loop, a millisecond of work: what they call for begins beside."""
T = TypeVar("T")
Login: TypeAlias = tuple[object, ...]
"""What a link follows from, as far as a Queue says it; equal ones lead to the same link."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is worked out of one spec of a Queue, once."""

    spec: QueueSpec
    due_seconds: float
    login: Login
    reader: Reader


class Brokers:
    """One for the process. `monotonic` is its steady clock, `clock` gives seconds since the epoch."""

    def __init__(
        self, read_secret: ReadSecret, limits: Limits, monotonic: Callable[[], float], clock: Callable[[], float]
    ) -> None:
        self._secrets = Secrets(read_secret, monotonic)
        self._links = Links(limits, monotonic)
        self._web = WebBrokers(self._secrets, limits, monotonic, clock)
        self._clock = clock
        self._sites: dict[tuple[str, object, str], tuple[tuple[object, ...], Site]] = {}
        self._queues: dict[tuple[str, str], _Known] = {}

    async def observe(
        self, namespace: str, name: str, spec: QueueSpec, due_seconds: float = DUE_SECONDS
    ) -> Observation:
        """Reads a Queue; raises `BrokerError`, and `ApiError` where the API server does not give the Secret."""
        try:
            if layouts.on_the_web(spec.broker):
                return await self._web.observe(namespace, name, spec)
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
        web = [place for place in places if layouts.on_the_web(place[2].broker)]
        others = [place for place in places if not layouts.on_the_web(place[2].broker)] if web else places
        await asyncio.gather(self._observe_on_the_web(web, tell), self._observe_by_link(others, tell))

    async def _observe_on_the_web(self, places: Sequence[Place], tell: Callable[[Place, Found], None]) -> None:
        def told(place: Place, found: Found) -> None:
            if isinstance(found, BrokerError):
                self._distrust(found, place[0], place[2])
            tell(place, found)

        await self._web.observe_each(places, told)

    async def _observe_by_link(self, places: Sequence[Place], tell: Callable[[Place, Found], None]) -> None:
        by_login: dict[Login, list[tuple[Place, Reader]]] = {}
        for place in places:
            try:
                known = self._known(place)
            except BrokerError as error:
                tell(place, error)
            else:
                by_login.setdefault(known.login, []).append((place, known.reader))
        firsts = (own[0][0] for own in by_login.values())
        links = (or_error(self.link(namespace, spec.broker)) for namespace, _, spec, _ in firsts)
        by_link: dict[AnyLink, list[tuple[Place, Reader]]] = {}
        for own, link in zip(by_login.values(), await _each(links), strict=True):
            if isinstance(link, BrokerError):
                for place, _ in own:
                    self._distrust(link, place[0], place[2])
                    tell(place, link)
            else:
                by_link.setdefault(link, []).extend(own)
        await asyncio.gather(*(self._observe(link, own, tell) for link, own in by_link.items()))

    async def _observe(
        self, link: AnyLink, queues: Sequence[tuple[Place, Reader]], tell: Callable[[Place, Found], None]
    ) -> None:
        for first in range(0, len(queues), AT_ONCE):
            places, readers = zip(*queues[first : first + AT_ONCE], strict=True)
            try:
                told = await observe_together(link, readers)
            except Exception:
                # Whatever it was, it shall not come again from what one of these readers remembers.
                for namespace, name, *_ in places:
                    self._queues.pop((namespace, name), None)
                raise
            for number, (place, found) in enumerate(zip(places, told, strict=True), 1):
                if number % TOLD_AT_ONCE == 0:
                    await asyncio.sleep(0)
                if isinstance(found, BrokerError):
                    self._distrust(found, place[0], place[2])
                tell(place, found)

    def _known(self, place: Place) -> _Known:
        """The same as long as the spec is the same."""
        namespace, name, spec, due_seconds = place
        known = self._queues.get((namespace, name))
        if known is None or known.spec is not spec or known.due_seconds != due_seconds:
            queue = layouts.redis_queue(name, spec, due_seconds)
            reader = Reader(partial(layouts.observe, queue, spec, self._clock))
            known = self._queues[namespace, name] = _Known(spec, due_seconds, _login(namespace, spec.broker), reader)
        return known

    def _distrust(self, error: BrokerError, namespace: str, spec: QueueSpec) -> None:
        """A refusal may mean that the Secret has changed."""
        if not error.passes:
            self._secrets.forget(namespace, spec.broker)

    async def tidy(self) -> None:
        """Drops what nobody has used for a while."""
        await self._links.close_idle()
        await self._web.close_idle()
        self._secrets.tidy()
        self._sites.clear()
        self._queues.clear()

    async def close(self) -> None:
        await self._links.close()
        await self._web.close()

    async def _site(self, namespace: str, broker: Broker, redis: Redis) -> Site:
        """Worked out anew only where something that it follows from has changed."""
        secret, tls = await self._secrets.of(namespace, broker)
        where = redis.sentinel or redis.cluster or redis.url
        source = (where, secret, tls)
        key = (namespace, where, secret.name if secret is not None else "")
        known = self._sites.get(key)
        if known is None or known[0] != source:
            known = self._sites[key] = (source, groups.site(redis, secret, tls))
        return known[1]


def _login(namespace: str, broker: Broker) -> Login:
    redis = layouts.supported(broker)
    places = (redis.sentinel, redis.cluster, broker.connection_secret_ref, broker.tls)
    return (namespace, redis.url, *(place and place.model_dump_json() for place in places))


async def _each(links: Iterable[Awaitable[T]]) -> Sequence[T]:
    """Side by side; a single one, as most often, waits for nothing."""
    waiting = list(links)
    return await asyncio.gather(*waiting) if len(waiting) > 1 else [await one for one in waiting]
