"""Whether the store holds what the API server holds: looked at before the first pass, after every relist, now and then.

A pass that ran before all pods of its pool are known would take the missing ones for absent. And kopf, when a watch
expires, lists again without telling what vanished meanwhile. So whatever it lists is compared with the store: what is
too much there is removed, and what it lacks must come by the watch within a while. Now and then, and where kopf lists
nothing, the names and versions of a kind are listed here, without the objects.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from kube.client import Client, Listing, Object
from kube.errors import ApiError
from reconciler.keys import Key
from reconciler.listed import by_key, compare, identity, lacks
from reconciler.store import Stored
from reconciler.watching import Watched

log = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 30.0
EVERY_SECONDS: Final = 600.0
_AGAIN_SECONDS: Final = 1.0
"""After a comparison that failed."""
_LOOK_SECONDS: Final = 0.25
"""Between two looks at what is missing: at a start that is everything."""


@dataclass
class Synchroniser:
    """`synced` is set once every kind was complete; `lagging` names the kinds whose watch did not bring what exists.

    `started` is set, by whoever starts the watches, when they begin.
    """

    client: Client
    store: Stored
    namespace: str | None
    removed: Callable[[Object], None]
    patience: float = PATIENCE_SECONDS
    every: float = EVERY_SECONDS
    started: asyncio.Event = field(default_factory=asyncio.Event)
    synced: asyncio.Event = field(default_factory=asyncio.Event)
    lagging: dict[str, tuple[Key, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._listed: defaultdict[str, _Latest] = defaultdict(_Latest)

    def listed(self, path: str, listing: Listing) -> None:
        """Kopf has listed everything at a path, and what it lists it hands over."""
        self._listed[path].put(listing)

    async def run(self, watched: Iterable[Watched]) -> None:
        kinds = tuple(watched)
        incomplete = {kind.resource.kind for kind in kinds}

        async def keep(kind: Watched) -> None:
            latest = self._listed[kind.resource.path(self.namespace)]
            listing = await latest.take(self.patience)
            while True:
                complete = await self._compare(kind, listing)
                if complete:
                    incomplete.discard(kind.resource.kind)
                if not incomplete:
                    self.synced.set()
                listing = await latest.take(self.every if complete else _AGAIN_SECONDS)

        async with asyncio.TaskGroup() as tasks:
            for kind in kinds:
                tasks.create_task(keep(kind))

    async def _compare(self, kind: Watched, given: Listing | None) -> bool:
        """Whether the store holds all of the kind; listed here where nothing is `given`."""
        resource = kind.resource
        listing = given if given is not None else await self._list(kind)
        if listing is None:
            return False
        found = compare(self.store, resource.kind, self.namespace, listing)
        for ghost in found.ghosts:
            log.info("%s %s was deleted unseen", resource.kind, ghost["metadata"]["name"])
            self.removed(ghost)
        missing = await self._arriving(resource.kind, found.missing, listing)
        if not missing:
            self.lagging.pop(resource.kind, None)
            return True
        self.lagging[resource.kind] = missing
        log.warning("the watch of %s lags behind: %d objects are missing", resource, len(missing))
        return False

    async def _list(self, kind: Watched) -> Listing | None:
        try:
            return await self.client.list(
                kind.resource, self.namespace, label_selector=kind.label_selector, metadata_only=True, trim=identity
            )
        except ApiError as error:
            log.warning("comparing %s: %s", kind.resource, error)
            return None

    async def _arriving(self, kind: str, missing: tuple[Key, ...], listing: Listing) -> tuple[Key, ...]:
        """What of it the watch does not bring in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        there = by_key(kind, listing) if missing else {}
        while missing and loop.time() <= deadline:
            await asyncio.sleep(_LOOK_SECONDS)
            missing = tuple(key for key in missing if lacks(self.store, key, there[key]))
        return missing


class _Latest:
    """What was listed last, for the one who compares it."""

    def __init__(self) -> None:
        self._listing: Listing | None = None
        self._came = asyncio.Event()

    def put(self, listing: Listing) -> None:
        self._listing = listing
        self._came.set()

    async def take(self, seconds: float) -> Listing | None:
        """What was put since the last time; None where nothing is in so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            return None
        self._came.clear()
        listing, self._listing = self._listing, None
        return listing
