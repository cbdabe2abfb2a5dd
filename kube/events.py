"""Events about objects, for people: `kubectl describe` shows them beside the object.

`record` never waits and never fails: it queues. A task posts the queue in the background. Equal events are one Event
with a count; an object that has too much to say is cut off, as client-go does, so that nobody's history is flooded.
An Event that cannot be posted is logged and dropped; nothing depends on it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from kube.client import Client, Object
from kube.errors import ApiError, NotFound
from kube.resources import EVENTS

log = logging.getLogger(__name__)

_LONGEST_MESSAGE: Final = 1024
_REMEMBERED: Final = 4096
_QUEUE: Final = 1000
_SIMILAR_SECONDS: Final = 600.0
_BURST: Final = 25
_SECONDS_PER_TOKEN: Final = 300.0


class EventType(StrEnum):
    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that happened to one object. `reason` is CamelCase and stable; `message` is for people."""

    regarding: Mapping[str, Any]
    type: EventType
    reason: str
    message: str

    @property
    def key(self) -> str:
        """Equal for notes that are one Event with a count."""
        parts = (self.regarding.get("uid", ""), self.type, self.reason, self.message)
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def reference(obj: Mapping[str, Any]) -> Object:
    """The ObjectReference of an object."""
    metadata = obj["metadata"]
    found = {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind")} | {
        field: metadata.get(field) for field in ("namespace", "name", "uid", "resourceVersion")
    }
    return {field: value for field, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class _Posted:
    """All that counting an Event up takes; the whole would be ten times as large, and thousands are remembered."""

    at: float
    namespace: str
    name: str
    count: int


def _posted(event: Object, at: float) -> _Posted:
    metadata = event["metadata"]
    return _Posted(at, metadata["namespace"], metadata["name"], int(event.get("count") or 1))


class Recorder:
    """Queues notes and posts them. `dropped` counts those that were cut off or could not be posted."""

    def __init__(
        self,
        client: Client,
        component: str,
        instance: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._component = component
        self._instance = instance
        self._clock = clock
        self._monotonic = monotonic
        self._queue: deque[Note] = deque()
        self._filled = asyncio.Event()
        self._buckets = _Buckets(monotonic)
        self._posted: OrderedDict[str, _Posted] = OrderedDict()
        self.dropped = 0

    def record(self, obj: Mapping[str, Any], type_: EventType, reason: str, message: str) -> None:
        """Say that something happened to `obj`. Call it when it happened, not whenever it is still so."""
        note = Note(reference(obj), type_, reason, message[:_LONGEST_MESSAGE])
        if len(self._queue) >= _QUEUE or not self._buckets.take(str(note.regarding.get("uid", ""))):
            self.dropped += 1
            return
        self._queue.append(note)
        self._filled.set()

    async def run(self) -> None:
        """Post for ever."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            await self.flush()

    async def flush(self) -> None:
        """Post what is queued now."""
        while self._queue:
            note = self._queue.popleft()
            try:
                await self._post(note)
            except ApiError as error:
                self.dropped += 1
                log.warning("an Event %s could not be posted: %s", note.reason, error)

    async def _post(self, note: Note) -> None:
        now, last = self._monotonic(), self._posted.pop(note.key, None)
        event = await self._again(last) if last is not None and now - last.at < _SIMILAR_SECONDS else None
        self._posted[note.key] = _posted(event or await self._client.create(EVENTS, self._event(note)), now)
        while len(self._posted) > _REMEMBERED:
            self._posted.popitem(last=False)

    async def _again(self, last: _Posted) -> Object | None:
        """Count an Event up; None where it has expired meanwhile."""
        patch = {"count": last.count + 1, "lastTimestamp": self._now()}
        try:
            return await self._client.merge_patch(EVENTS, last.name, last.namespace, patch)
        except NotFound:
            return None

    def _event(self, note: Note) -> Object:
        now = self._now()
        # Events of cluster-scoped objects live in "default"; that is where kubectl looks for them.
        namespace = note.regarding.get("namespace") or "default"
        return {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {"name": self._name(note), "namespace": namespace},
            "involvedObject": note.regarding,
            "type": note.type,
            "reason": note.reason,
            "message": note.message,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "reportingInstance": self._instance,
        }

    def _name(self, note: Note) -> str:
        # The time keeps the name free after an equal Event has expired; names end at 253 characters.
        subject = str(note.regarding["name"])[:200].rstrip("-.")
        return f"{subject}.{note.key}.{int(self._clock().timestamp() * 1e6):x}"

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Buckets:
    """A token bucket an object: 25 at once, then one in five minutes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> bool:
        now = self._monotonic()
        level, at = self._levels.pop(key, (float(_BURST), now))
        level = min(float(_BURST), level + (now - at) / _SECONDS_PER_TOKEN)
        taken = level >= 1
        self._levels[key] = (level - taken, now)
        while len(self._levels) > _REMEMBERED:
            self._levels.popitem(last=False)
        return taken
