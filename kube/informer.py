"""List, then watch, then for ever: one kind's objects as a stream of changes that never ends and never lies.

A consumer that applies the changes in order holds what the API server holds, late by the watch's delay. Whenever
continuity was lost, a `Reset` brings the whole state again. `Alive` says that silence is not deafness.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kube.backoff import Backoff
from kube.client import PAGE, Client, Trim
from kube.errors import ApiError, Gone, Silence
from kube.resources import Resource
from kube.stream import EventType

log = logging.getLogger(__name__)

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reset:
    """This is everything there is; forget what was known before."""

    objects: tuple[Object, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """The object is new or changed."""

    object: Object


@dataclass(frozen=True, slots=True)
class Remove:
    """The object is gone; this was its last state."""

    object: Object


@dataclass(frozen=True, slots=True)
class Alive:
    """Nothing changed, and the API server said so: in a bookmark, one a minute, or by taking up a watch."""


Change = Reset | Put | Remove | Alive


@dataclass(frozen=True, slots=True)
class Pace:
    """How `follow` waits after failures; a parameter, so that tests do not wait."""

    backoff: Backoff = field(default_factory=Backoff)
    rng: Random = field(default_factory=Random)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def follow(
    client: Client,
    resource: Resource,
    namespace: str | None = None,
    label_selector: str = "",
    field_selector: str = "",
    *,
    pace: Pace | None = None,
    trouble: Callable[[ApiError], None] | None = None,
    trim: Trim | None = None,
    page: int = PAGE,
    timeout_seconds: int = 300,
) -> AsyncGenerator[Change, None]:
    """The stream of changes. It outlives every ApiError, Forbidden and NotFound too: RBAC or the CRD may come later.

    `trouble` hears each error before the wait; without it they are logged. `trim` makes of each listed object what is
    kept of it (`Client.list`); objects that come by the watch come whole, one at a time.
    """
    pace = pace or Pace()
    failures = 0
    version = ""
    while True:
        try:
            if not version:
                listing = await client.list(resource, namespace, label_selector, field_selector, trim=trim, page=page)
                version = listing.resource_version
                yield Reset(listing.items)
            # Spread, so that the watches that began together do not begin again together.
            seconds = int(timeout_seconds * pace.rng.uniform(1, 2))
            events = client.watch(resource, namespace, version, label_selector, field_selector, seconds)
            async with aclosing(events):
                async for event in events:
                    if event.type is EventType.OPENED:
                        yield Alive()
                        continue
                    failures = 0
                    version = event.object["metadata"]["resourceVersion"]
                    yield _change(event.type, event.object)
            # The server ends every watch after its time-out. A server that ends them at once must not be hammered.
            failures += 1
        except Silence:
            continue
        except ApiError as error:
            version = "" if isinstance(error, Gone) else version
            failures += 1
            (trouble or _log_trouble(resource, namespace))(error)
            if error.retry_after:
                await pace.sleep(error.retry_after)
        if failures > 1:
            await pace.sleep(pace.backoff.delay(failures - 1, pace.rng))


def _change(kind: EventType, obj: Object) -> Change:
    if kind is EventType.BOOKMARK:
        return Alive()
    return Remove(obj) if kind is EventType.DELETED else Put(obj)


def _log_trouble(resource: Resource, namespace: str | None) -> Callable[[ApiError], None]:
    where = f"namespace {namespace}" if namespace else "all namespaces"
    return lambda error: log.warning("watching %s in %s: %s", resource, where, error)
