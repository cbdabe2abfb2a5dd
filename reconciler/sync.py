"""Whether the store holds what the API server holds: asked before the first pass, after every relist, and now and then.

A pass that ran before all pods of its pool are known would take the missing ones for absent. And kopf, when a watch
expires, lists again without telling what vanished meanwhile. So the names and versions of a kind are listed once more,
without the objects: what the store has too much is removed, and what it lacks must come by the watch within a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from kube.client import Client, Listing, Object
from kube.errors import ApiError
from reconciler.keys import Key, key_of
from reconciler.store import Stored
from reconciler.watching import Watched

log = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 30.0
EVERY_SECONDS: Final = 600.0
_LOOK_SECONDS: Final = 0.25
"""Between two looks at what is missing: at a start that is everything."""
_COMPARED: Final = ("namespace", "name", "uid", "resourceVersion")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ghosts` are held and do not exist; `missing` exist, and the store knows nothing of them or an older state."""

    ghosts: tuple[Object, ...]
    missing: tuple[Key, ...]


def compare(store: Stored, kind: str, namespace: str | None, listing: Listing) -> Comparison:
    """Pure: what stands between the store and a list of the API server, of one namespace or of all (None).

    Only versions and names of it are read.
    """
    listed = {_key(kind, item["metadata"]): item["metadata"] for item in listing.items}
    ghosts = [held for held in store.all(kind, namespace) if _is_ghost(held, listed, listing)]
    return Comparison(tuple(ghosts), tuple(key for key in listed if _lacks(store.get(key), listed[key])))


def _identity(item: Object) -> Object:
    """Of all metadata managed fields are the most, and a kind is listed whole."""
    metadata = item["metadata"]
    return {"metadata": {field: metadata[field] for field in _COMPARED if field in metadata}}


def _key(kind: str, metadata: Mapping[str, Any]) -> Key:
    return Key(kind, metadata.get("namespace", ""), metadata["name"])


def _is_ghost(held: Object, listed: Mapping[Key, Mapping[str, Any]], listing: Listing) -> bool:
    there, metadata = listed.get(key_of(held)), held["metadata"]
    # What is newer than the list was made after it.
    return (there is None or there["uid"] != metadata["uid"]) and _version(metadata) <= int(listing.resource_version)


def _lacks(held: Mapping[str, Any] | None, there: Mapping[str, Any]) -> bool:
    return held is None or _version(held["metadata"]) < _version(there)


def _version(metadata: Mapping[str, Any]) -> int:
    return int(metadata["resourceVersion"])


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
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """A kind was listed anew: look soon."""
        self._asked.set()

    async def run(self, watched: Iterable[Watched]) -> None:
        kinds = tuple(watched)
        while True:
            self._asked.clear()
            # All at once: at a start one kind is compared while another still arrives.
            complete = await asyncio.gather(*map(self._one, kinds))
            if all(complete):
                self.synced.set()
            await self._pause(self.every if all(complete) else 1.0)

    async def _one(self, kind: Watched) -> bool:
        resource = kind.resource
        try:
            listing = await self.client.list(
                resource, self.namespace, label_selector=kind.label_selector, metadata_only=True, trim=_identity
            )
        except ApiError as error:
            log.warning("comparing %s: %s", resource, error)
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
        log.warning("the watch of %s lags behind: %d objects are missing", resource, len(self.lagging[resource.kind]))
        return False

    async def _arriving(self, kind: str, missing: tuple[Key, ...], listing: Listing) -> tuple[Key, ...]:
        """What of it the watch does not bring in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        listed = {_key(kind, item["metadata"]): item["metadata"] for item in listing.items} if missing else {}
        while missing and loop.time() <= deadline:
            await asyncio.sleep(_LOOK_SECONDS)
            missing = tuple(key for key in missing if _lacks(self.store.get(key), listed[key]))
        return missing

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return
