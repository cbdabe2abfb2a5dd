"""What a list says of names and versions, and what stands between it and the store. Pure.

Kopf lists each kind before it watches it, and again when a watch has expired. Its pages are looked at on their way to
it, so that nobody has to list thousands of objects a second time to know what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kube.client import Listing, Object
from reconciler.keys import Key, key_of
from reconciler.store import Stored

_COMPARED: Final = ("namespace", "name", "uid", "resourceVersion")


class Lists:
    """Puts the pages of each path together; `complete` is called with the path and all that was listed there."""

    def __init__(self, complete: Callable[[str, Listing], object]) -> None:
        self._complete = complete
        self._items: dict[str, list[Object]] = {}

    def page(self, path: str, first: bool, page: Mapping[str, Any]) -> None:
        """One answer, in the order in which they are asked for; a `first` one begins anew."""
        if first:
            self._items[path] = []
        if (items := self._items.get(path)) is None:
            return
        items += map(identity, page["items"] or ())
        if not page["metadata"].get("continue"):
            self._complete(path, Listing(tuple(self._items.pop(path)), page["metadata"]["resourceVersion"]))


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ghosts` are held and do not exist; `missing` exist, and the store knows nothing of them or an older state."""

    ghosts: tuple[Object, ...]
    missing: tuple[Key, ...]


def compare(store: Stored, kind: str, namespace: str | None, listing: Listing) -> Comparison:
    """What stands between the store and a list of one namespace or of all (None). It may hold identities only."""
    listed = by_key(kind, listing)
    ghosts = tuple(held for held in store.all(kind, namespace) if _is_ghost(held, listed, listing))
    return Comparison(ghosts, tuple(key for key in listed if lacks(store, key, listed[key])))


def identity(item: Object) -> Object:
    """Of all metadata managed fields are the most, and a kind is listed whole."""
    metadata = item["metadata"]
    return {"metadata": {field: metadata[field] for field in _COMPARED if field in metadata}}


def by_key(kind: str, listing: Listing) -> dict[Key, Mapping[str, Any]]:
    """The metadata of each."""
    found = (item["metadata"] for item in listing.items)
    return {Key(kind, metadata.get("namespace", ""), metadata["name"]): metadata for metadata in found}


def lacks(store: Stored, key: Key, there: Mapping[str, Any]) -> bool:
    """Whether the store does not know it as it was listed. What was deleted since it need not know."""
    held = store.get(key)
    if held is None:
        return not store.was_removed(there["uid"])
    return _version(held["metadata"]) < _version(there)


def _is_ghost(held: Object, listed: Mapping[Key, Mapping[str, Any]], listing: Listing) -> bool:
    there, metadata = listed.get(key_of(held)), held["metadata"]
    # What is newer than the list was made after it.
    return (there is None or there["uid"] != metadata["uid"]) and _version(metadata) <= int(listing.resource_version)


def _version(metadata: Mapping[str, Any]) -> int:
    return int(metadata["resourceVersion"])
