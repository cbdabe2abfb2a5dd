"""Kopf watches, and that is all it does: its `on.event` fills the store and wakes keys.

Kopf writes nothing: no annotations, no finalizers, no Events, no peering. It retries for ever by itself; what ends it
(a CRD that is removed, a bug) ends the process. Its tasks share our loop, and on its own end it cancels every task that
began after it, so it is stopped last.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

import kopf

from crds import meta
from kube.backoff import Backoff
from kube.config import Connection
from kube.resources import DEPLOYMENTS, NAMESPACES, NODES, PODS, STATEFUL_SETS, Resource
from kube.transport import open_session
from reconciler.pulse import Pulse
from reconciler.settings import Scope
from reconciler.status import RESOURCES

Object = dict[str, Any]
Seen = Callable[[Literal["put", "remove"], Object], None]
USER_AGENT: Final = "headgate-reconciler"


@dataclass(frozen=True, slots=True)
class Watched:
    """One kind that is watched, narrowed by the API server."""

    resource: Resource
    label_selector: str = ""


_EVERYWHERE: Final = (
    Watched(RESOURCES[meta.QUEUE.kind]),
    Watched(RESOURCES[meta.WORKER_POOL.kind]),
    Watched(RESOURCES[meta.POLICY.kind]),
    Watched(DEPLOYMENTS, meta.LABEL_POOL_UID),
    Watched(STATEFUL_SETS, meta.LABEL_POOL_UID),
    Watched(PODS, meta.LABEL_POOL_UID),
)
WATCHED: Final[Mapping[Scope, tuple[Watched, ...]]] = {
    Scope.NAMESPACED: _EVERYWHERE,
    # Namespaces tell who has claimed them, and by their labels which ClusterPolicies apply in them; Nodes, whether they
    # are to be emptied.
    Scope.CLUSTER: (*_EVERYWHERE, Watched(RESOURCES[meta.CLUSTER_POLICY.kind]), Watched(NAMESPACES), Watched(NODES)),
}
"""What an install of each scope watches."""


async def watch(
    connection: Connection,
    namespace: str | None,
    watched: Iterable[Watched],
    seen: Seen,
    pulse: Pulse,
    identity: str,
    spawned: Callable[[], None] = lambda: None,
) -> None:
    """Run until cancelled, or until kopf fails; `namespace` is None for all of them.

    `spawned` is called when kopf has taken the process's signals.
    """
    before = asyncio.all_tasks()
    registry = kopf.OperatorRegistry()
    _login(registry, connection, pulse)
    watched = tuple(watched)
    for one in watched:
        _hand_over(registry, one.resource, seen)
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=_settings(watched),
        namespaces=[namespace] if namespace else [],
        clusterwide=namespace is None,
        standalone=True,
        identity=identity,  # type: ignore[arg-type]  # a NewType that kopf does not export
    )
    spawned()
    await kopf.run_tasks(tasks, ignored=before)
    raise RuntimeError("the watches ended by themselves")


def _hand_over(registry: kopf.OperatorRegistry, resource: Resource, seen: Seen) -> None:
    @kopf.on.event(group=resource.group, version=resource.version, plural=resource.plural, registry=registry, id="seen")
    async def _(event: Mapping[str, Any], **_: Any) -> None:
        seen("remove" if event["type"] == "DELETED" else "put", event["object"])


def _login(registry: kopf.OperatorRegistry, connection: Connection, pulse: Pulse) -> None:
    """Give kopf a session of ours: tokens are renewed in it, and every line of a watch is heard."""

    @kopf.on.login(registry=registry)
    async def _(**_: Any) -> kopf.AiohttpSession:
        session = open_session(connection, USER_AGENT, [pulse.middleware])
        return kopf.AiohttpSession(server=connection.server, aiohttp_session=session)


def _settings(watched: Iterable[Watched]) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.process.ultimate_exiting_timeout = None
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.persistence.finalizer = f"{meta.DOMAIN}/none"
    settings.persistence.diffbase_storage = _NoDiffBase()
    settings.persistence.progress_storage = _NoProgress()
    # Every object that is seen gets a task and a queue, and keeps them for this long: of thousands at a start that is
    # much memory, which the process never gives back.
    settings.queueing.idle_timeout = 0.1
    settings.networking.request_timeout = 60.0
    settings.networking.connect_timeout = 10.0
    settings.networking.error_backoffs = _ForEver()
    settings.networking.enforce_retry_after = True
    settings.watching.connect_timeout = 10.0
    settings.watching.server_timeout = 290
    settings.watching.inactivity_timeout = 90.0
    settings.watching.reconnect_backoff = 0.5
    # A page of each kind is in memory at a time, whole, before anything of it is trimmed.
    settings.watching.chunk_size = 200
    for one in watched:
        if one.label_selector:
            key = (one.resource.group, one.resource.version, one.resource.plural)
            settings.watching.label_selectors[key] = one.label_selector
    return settings


class _ForEver:
    """Waits between retries, without an end: a kopf that gives up ends the process."""

    def __iter__(self) -> Iterator[float]:
        backoff, rng, attempt = Backoff(initial=0.5, maximum=5.0), Random(), 0  # noqa: S311 - jitter
        while True:
            attempt += 1
            yield backoff.delay(attempt, rng)


class _NoDiffBase(kopf.DiffBaseStorage):
    """Nothing is compared, so nothing is copied: half of what an event costs in kopf."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:
        return {}

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        raise AssertionError("nothing is stored on users' objects")


class _NoProgress(kopf.ProgressStorage):
    """Nothing is retried by kopf, so there is no progress to keep."""

    def fetch(self, *, key: kopf.HandlerId, body: kopf.Body) -> kopf.ProgressRecord | None:
        return None

    def store(self, *, key: kopf.HandlerId, record: kopf.ProgressRecord, body: kopf.Body, patch: kopf.Patch) -> None:
        raise AssertionError("nothing is stored on users' objects")

    def purge(self, *, key: kopf.HandlerId, body: kopf.Body, patch: kopf.Patch) -> None:
        return None

    def touch(self, *, body: kopf.Body, patch: kopf.Patch, value: str | None) -> None:
        raise AssertionError("users' objects are not touched")

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


class Quiet(logging.Filter):
    """Takes kopf's own baggage off its log records, which a JSON formatter would print."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name in ("settings", "k8s_skip"):
            vars(record).pop(name, None)
        return True
