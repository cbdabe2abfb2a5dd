"""Tells whoever applies a policy what it would do to what is stored: at most a second, in slices, and never instead of
the answer.

The snapshot keeps too little of an object for every rule, so the objects are read anew, a page at a time, and dropped.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any, Final, Protocol

from crds import meta
from kube import resources
from kube.client import Client
from kube.errors import ApiError
from policies import MemorySnapshot, RuleFaultError
from policies.fields import dig, text
from policies.preview import Preview
from webhooks.review import Review

log = logging.getLogger(__name__)

LONGEST_SECONDS: Final = 1.0
SHARE: Final = 0.5
"""The part of the review's time that may be spent; the decision itself was made before."""
SLICE_SECONDS: Final = 0.005
PAGE: Final = 100
POLICIES: Final = {kind.plural: kind.kind for kind in (meta.POLICY, meta.CLUSTER_POLICY)}

Object = Mapping[str, Any]


class Objects(Protocol):
    """Where stored objects come from, a page at a time; `namespace` is None for everywhere."""

    def __call__(self, kind: str, namespace: str | None) -> AsyncIterator[Sequence[Object]]: ...


class Previewer:
    """Callable: (review, seconds left) -> warnings. Never raises for what is wrong with an object or the API server."""

    def __init__(self, objects: Objects, snapshot: MemorySnapshot, clock: Callable[[], datetime]) -> None:
        self._objects = objects
        self._snapshot = snapshot
        self._clock = clock

    async def __call__(self, review: Review, seconds: float) -> tuple[str, ...]:
        kind = POLICIES.get(review.resource)
        if kind is None or review.new is None or not _changes(review):
            return ()
        preview = Preview.of(kind, review.new, self._snapshot, self._clock())
        namespace = text(review.new, "metadata", "namespace") or review.namespace or None
        try:
            async with asyncio.timeout(min(LONGEST_SECONDS, seconds * SHARE)):
                await self._look(preview, namespace)
        except TimeoutError:
            # What was looked at is told, with how much that was.
            pass
        except (ApiError, RuleFaultError) as error:
            log.warning("a policy was not previewed: %s", error)
            return ("this policy was not tried on the stored objects: they cannot be read now",)
        return preview.sentences({one: self._snapshot.count(one, namespace) for one in preview.kinds})

    async def _look(self, preview: Preview, namespace: str | None) -> None:
        began = perf_counter()
        for kind in preview.kinds:
            async for page in self._objects(kind, namespace):
                for obj in page:
                    preview.look(kind, obj)
                    if perf_counter() - began > SLICE_SECONDS:
                        # Other reviews wait for nothing longer than one object.
                        await asyncio.sleep(0)
                        began = perf_counter()
            preview.finished.add(kind)


def _changes(review: Review) -> bool:
    """A policy whose spec stays as it is would do what it does already."""
    return review.old is None or dig(review.new, "spec") != dig(review.old, "spec")


def stored(client: Client) -> Objects:
    """What the API server holds, read through `client`."""
    found = {kind.kind: kind for kind in (meta.QUEUE, meta.WORKER_POOL)}

    def pages(kind: str, namespace: str | None) -> AsyncIterator[Sequence[Object]]:
        one = found[kind]
        return client.pages(resources.custom(meta.GROUP, meta.VERSION, one.plural, one.kind), namespace, PAGE)

    return pages


class Packed:
    """Objects kept whole for previews, at a tenth of their size: 5,000 would take 40 MiB as they are."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def add(self, obj: Object) -> None:
        self._objects.append(zlib.compress(json.dumps(obj).encode(), 1))

    def __iter__(self) -> Iterator[Object]:
        return (json.loads(zlib.decompress(packed)) for packed in self._objects)


def given(objects: Iterable[Object]) -> Objects:
    """What was read from files; `objects` may still be filled."""

    async def pages(kind: str, namespace: str | None) -> AsyncIterator[Sequence[Object]]:
        of_kind = [obj for obj in objects if text(obj, "kind") == kind]
        yield [obj for obj in of_kind if namespace is None or text(obj, "metadata", "namespace") == namespace]

    return pages
