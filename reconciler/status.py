"""The only writer of status.

A status is written when it differs from the stored one, and not otherwise. Numbers that move all the time are written
at most every 30 s, and in turn where many objects have such; some fields never cause a write by themselves. What was
written is remembered, so a field that the API server drops (an older CRD) cannot make a pass write for ever.

It is written whole, by a JSON patch that tests the uid, so a successor under the same name gets nothing. Server-side
apply would refuse all of it with 500 when the CRD is older than we are and lacks one of its fields; a JSON patch has
such a field dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from crds import meta
from kube.client import Client, Object
from kube.errors import NotFound
from kube.resources import Resource, custom
from reconciler.keys import Key, key_of
from reconciler.turns import Turns

log = logging.getLogger(__name__)

FIELD_MANAGER: Final = "headgate-reconciler"
FAST_SECONDS: Final = 30.0

RESOURCES: Final[Mapping[str, Resource]] = {
    kind.kind: custom(meta.GROUP, meta.VERSION, kind.plural, kind.kind, kind.namespaced) for kind in meta.KINDS
}


@dataclass(frozen=True, slots=True)
class Fields:
    """Which top-level fields of a status may lag: `fast` ones by 30 s, or until it is their object's turn; `quiet` ones
    until another is written.
    """

    fast: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()


ALL_AT_ONCE: Final = Fields()


@dataclass(slots=True)
class _Written:
    """When something was sent for one object; and what, and what came of it, where these are not the same."""

    uid: str
    at: float
    sent: Mapping[str, Any] | None = None
    stored: Mapping[str, Any] | None = None


class StatusWriter:
    """`answered` hears of the object as it is after a write, so that the next pass need not wait for the watch, and of
    what was written on: a status alone changes nothing else.
    """

    def __init__(
        self,
        client: Client,
        monotonic: Callable[[], float],
        answered: Callable[[Object, Object], object] = lambda answer, alone: None,
        wrote: Callable[[str], object] = lambda _: None,
        turns: Turns[Hashable] | None = None,
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._answered = answered
        self._wrote = wrote
        self._written: dict[Key, _Written] = {}
        self._began = monotonic()
        self._turns: Turns[Hashable] = Turns() if turns is None else turns

    async def write(self, obj: Object, status: Mapping[str, Any], fields: Fields = ALL_AT_ONCE) -> float | None:
        """Bring `obj` to `status`. Returns in how many seconds to come again, where something fast had to wait.

        Raises ApiError, except for an object that is gone.
        """
        key, uid = key_of(obj), obj["metadata"]["uid"]
        stored: Mapping[str, Any] = obj.get("status") or {}
        wanted: Mapping[str, Any] = without_none(status)
        last = self._written.get(key)
        if last is not None and last.uid != uid:
            last = None
        due = self._due(key, stored, wanted, fields, last)
        if due != 0.0:
            return due
        operations = (
            {"op": "test", "path": "/metadata/uid", "value": uid},
            {"op": "add", "path": "/status", "value": wanted},
        )
        try:
            answer = await self._client.json_patch(
                RESOURCES[key.kind], key.name, key.namespace, operations, "status", FIELD_MANAGER
            )
        except NotFound:
            return None
        came = answer.get("status") or {}
        self._turns.drop(key)
        differing = (wanted, came) if came != wanted else ()
        self._written[key] = _Written(uid, self._monotonic(), *differing)
        self._answered(answer, obj)
        self._wrote(key.kind)
        return None

    def fast_at(self, key: Key) -> float:
        """When to come again to have fast fields written; what is not later than now is the object's turn.

        What another process wrote may be as new as this one: a start is no reason to write every object once, with
        rates that are not known again before there have been two readings. Nor shall all come at once after it.
        """
        last = self._written.get(key)
        at = last.at if last is not None else self._began + _spread(key) * FAST_SECONDS
        return self._turns.of(key, at + FAST_SECONDS, self._monotonic())

    def forget(self, key: Key) -> None:
        self._written.pop(key, None)
        self._turns.drop(key)

    def _due(
        self, key: Key, stored: Mapping[str, Any], wanted: Mapping[str, Any], fields: Fields, last: _Written | None
    ) -> float | None:
        """None: nothing to write. 0: now. Else the seconds until what differs may be written."""
        said = stored
        if last is not None and last.sent is not None and stored == last.stored:
            # What the server made of our words is not to be said again; only new words are.
            said = last.sent
        changed = {field for field in {*said, *wanted} if said.get(field) != wanted.get(field)} - fields.quiet
        if not changed:
            return None
        if changed - fields.fast or not stored:
            return 0.0
        return max(0.0, self.fast_at(key) - self._monotonic())


def _spread(key: Key) -> float:
    """From 0 to 1, for each object its own and always the same."""
    return crc32("/".join(key).encode()) / 2**32


def without_none(value: Any) -> Any:
    """The same without fields that are None: absent is how a status says unknown."""
    if isinstance(value, Mapping):
        return {field: without_none(item) for field, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_none(item) for item in value]
    return value
