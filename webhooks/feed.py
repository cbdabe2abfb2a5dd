"""Keeps the snapshot at what the API server holds: a list and then a watch for each kind, for ever.

In cluster scope namespaces are followed too, for the selectors of ClusterPolicies; a namespaced install may neither
read those nor has it any.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

from crds import meta
from kube import resources
from kube.client import Client, Object
from kube.errors import ApiError
from kube.informer import Put, Remove, Reset, follow
from kube.resources import Resource
from policies import MemorySnapshot
from policies.projection import trimmed
from webhooks.settings import Scope

log = logging.getLogger(__name__)

PAGE: Final = 100
"""Objects read at once. Pages of 500 cost 20 MiB more for good: what is kept of a page lies scattered in its memory."""

_PER_NAMESPACE: Final = (meta.QUEUE, meta.WORKER_POOL, meta.POLICY)


@dataclass(frozen=True, slots=True)
class Source:
    """One kind and where it is followed; `namespace` is None for everywhere."""

    resource: Resource
    namespace: str | None


def sources(scope: Scope, namespace: str) -> tuple[Source, ...]:
    """What a webhook of this scope follows."""
    own = tuple(_resource(kind) for kind in _PER_NAMESPACE)
    if scope is Scope.NAMESPACED:
        return tuple(Source(resource, namespace) for resource in own)
    everywhere = (*own, _resource(meta.CLUSTER_POLICY), resources.NAMESPACES)
    return tuple(Source(resource, None) for resource in everywhere)


class Feed:
    """`run` never returns. `synced` is set once every kind was listed; `age` is the oldest watch's, in seconds."""

    def __init__(
        self,
        client: Client,
        snapshot: MemorySnapshot,
        followed: Sequence[Source],
        *,
        trouble: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client = client
        self._snapshot = snapshot
        self._followed = followed
        self._trouble = trouble
        self._clock = clock
        self._began = clock()
        self._heard: dict[Source, float] = {}
        self.synced = asyncio.Event()

    def age(self) -> float:
        now = self._clock()
        return max(now - self._heard.get(source, self._began) for source in self._followed)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for source in self._followed:
                group.create_task(self._follow(source), name=f"watch {source.resource}")

    async def _follow(self, source: Source) -> None:
        kind = source.resource.kind

        def trouble(error: ApiError) -> None:
            self._trouble(str(source.resource))
            log.warning("cannot follow %s: %s", source.resource, error)

        def trim(obj: Object) -> Object:
            return trimmed(kind, obj)

        changes = follow(self._client, source.resource, source.namespace, trouble=trouble, trim=trim, page=PAGE)
        async for change in changes:
            match change:
                case Reset(objects):
                    self._snapshot.replace(kind, objects)
                case Put(obj):
                    self._snapshot.put(kind, obj)
                case Remove(obj):
                    self._snapshot.remove(kind, obj)
            self._hear(source)

    def _hear(self, source: Source) -> None:
        self._heard[source] = self._clock()
        if len(self._heard) == len(self._followed):
            self.synced.set()


def _resource(kind: meta.Kind) -> Resource:
    return resources.custom(meta.GROUP, meta.VERSION, kind.plural, kind.kind, kind.namespaced)
