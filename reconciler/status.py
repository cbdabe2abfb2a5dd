"""The only writer of status.

A status is written when it differs from the stored one, and not otherwise. Numbers that move all the time are written
at most every 30 s; some fields never cause a write by themselves. What was written is remembered, so a field that the
API server drops (an older CRD) cannot make a pass write for ever. Server-side apply removes what is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crds import meta
from kube.client import Client, Object
from kube.errors import NotFound
from kube.resources import Resource, custom
from reconciler.keys import Key, key_of

log = logging.getLogger(__name__)

FIELD_MANAGER: Final = "headgate-reconciler"
FAST_SECONDS: Final = 30.0

RESOURCES: Final[Mapping[str, Resource]] = {
    kind.kind: custom(meta.GROUP, meta.VERSION, kind.plural, kind.kind, kind.namespaced) for kind in meta.KINDS
}


@dataclass(frozen=True, slots=True)
class Fields:
    """Which top-level fields of a status may lag: `fast` ones by 30 s, `quiet` ones until another is written."""

    fast: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()


ALL_AT_ONCE: Final = Fields()


@dataclass(slots=True)
class _Written:
    """What was sent for one object, what came of it, and when."""

    uid: str
    sent: Mapping[str, Any]
    stored: Mapping[str, Any]
    at: float


class StatusWriter:
    """`stored` hears of the object as it is after a write, so that the next pass need not wait for the watch."""

    def __init__(
        self,
        client: Client,
        monotonic: Callable[[], float],
        stored: Callable[[Object], object] = lambda _: None,
        wrote: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._stored = stored
        self._wrote = wrote
        self._written: dict[Key, _Written] = {}

    async def write(self, obj: Object, status: Mapping[str, Any], fields: Fields = ALL_AT_ONCE) -> float | None:
        """Bring `obj` to `status`. Returns in how many seconds to come again, where something fast had to wait.

        Raises ApiError, except for an object that is gone.
        """
        key, uid = key_of(obj), obj["metadata"]["uid"]
        wanted = _plain(status)
        last = self._written.get(key)
        if last is not None and last.uid != uid:
            last = None
        due = self._due(obj.get("status") or {}, wanted, fields, last)
        if due != 0.0:
            return due
        try:
            answer = await self._apply(obj, wanted)
        except NotFound:
            return None
        self._written[key] = _Written(uid, wanted, answer.get("status") or {}, self._monotonic())
        self._stored(answer)
        self._wrote(key.kind)
        return None

    def forget(self, key: Key) -> None:
        self._written.pop(key, None)

    def _due(
        self, stored: Mapping[str, Any], wanted: Mapping[str, Any], fields: Fields, last: _Written | None
    ) -> float | None:
        """None: nothing to write. 0: now. Else the seconds until what differs may be written."""
        changed = difference(stored, wanted)
        if last is not None and stored == last.stored:
            # What the server made of our words is not to be said again; only new words are.
            changed = difference(last.sent, wanted)
        changed -= fields.quiet
        if not changed:
            return None
        if changed - fields.fast or last is None:
            return 0.0
        return max(0.0, last.at + FAST_SECONDS - self._monotonic())

    async def _apply(self, obj: Object, status: Mapping[str, Any]) -> Object:
        metadata = {field: obj["metadata"][field] for field in ("name", "namespace", "uid") if field in obj["metadata"]}
        body = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata, "status": status}
        return await self._client.apply(RESOURCES[obj["kind"]], body, FIELD_MANAGER, subresource="status")


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """The top-level fields in which two statuses differ."""
    return {field for field in {*one, *other} if one.get(field) != other.get(field)}


def _plain(status: Mapping[str, Any]) -> dict[str, Any]:
    """Without fields that say nothing: absent is how a status says unknown."""
    return {field: value for field, value in status.items() if value is not None}
