"""What kopf is given of what the API server says: no echo of our own writes, and of an object no more than is kept.

Kopf makes a dozen objects of each event that reach one another and the event's object, so all of them wait for the
collector of garbage. As the API server writes it an object is mostly managed fields; trimmed before, what waits is
little, and less of it has to be taken apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from kube.stream import EventType
from reconciler.echoes import is_echo
from reconciler.listed import Lists
from reconciler.store import Stored
from reconciler.trimming import trim

_OF_OBJECTS: Final = (EventType.ADDED, EventType.MODIFIED, EventType.DELETED)


class Trimmed:
    """`kinds` are those of the paths. Lists are shown to `lists` too, where they are compared with what is held: kopf
    does not tell its handlers what was deleted while nobody watched.
    """

    def __init__(self, store: Stored, kinds: Mapping[str, str], lists: Lists) -> None:
        self._store = store
        self._kinds = kinds
        self._lists = lists

    def page(self, path: str, first: bool, page: dict[str, Any]) -> None:
        self._lists.page(path, first, page)
        # Of the built-in kinds the objects in a list do not say which they are.
        page["items"] = [trim({**item, "kind": self._kinds[path]}) for item in page["items"] or ()]

    def line(self, path: str, line: bytes) -> bytes | None:
        if is_echo(self._store, self._kinds[path], line):
            return None
        event = orjson.loads(line)
        if event["type"] not in _OF_OBJECTS:
            return line
        return orjson.dumps({**event, "object": trim(event["object"])})
