"""The webhook process: what it is made of, how it becomes ready, and the order in which it stops.

Starting: certificate, snapshot and policies are fetched side by side; the ports are open at once, readiness comes when
all of it has happened. Stopping: not ready first, serving on for a while, then finishing what is under way.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from socket import socket
from time import monotonic
from typing import Any, Final

import uvloop

import crds
from certs.serving import LiveContext
from certs.serving import follow as follow_leaf
from crds import meta
from kube import config
from kube.client import Client
from policies import MemorySnapshot
from policies.compiled import compiled
from webhooks import heap, logs, serving, trust
from webhooks.app import PATHS, AdmissionApp, create_app, create_side_app
from webhooks.decider import Decider, now
from webhooks.feed import Feed, sources
from webhooks.metrics import Metrics
from webhooks.previewing import Packed, Previewer, given, stored
from webhooks.readiness import Need, Readiness
from webhooks.settings import PolicyRules, Settings

GC_THRESHOLDS: Final = (20_000, 20, 20)
"""A review makes some thousand objects in no cycles; by default they would be looked through several times a review."""

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises what made it impossible."""
    logs.configure(settings.log_level)
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for caught in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(caught, stop.set)
    async with AsyncExitStack() as stack:
        client = None
        if settings.snapshot is None:
            client = await stack.enter_async_context(Client(await config.load(settings.kubeconfig)))
        await Process(settings, client).run(stop)


class Process:
    """Everything that lives as long as the process does; `client` is None when it serves from a folder."""

    def __init__(self, settings: Settings, client: Client | None) -> None:
        self._settings = settings
        self._client = client
        self._namespace = settings.namespace or (client.connection.namespace if client else "default")
        self._live = LiveContext()
        self.readiness = Readiness()
        self.metrics = Metrics(PATHS)
        self.snapshot = MemorySnapshot(self._age)
        self._feed: Feed | None = None
        self._manifests = Packed()

    async def run(self, stop: asyncio.Event) -> None:
        with (
            serving.bind(self._settings.host, self._settings.port) as reviews,
            serving.bind(self._settings.host, self._settings.metrics_port) as side,
        ):
            port = serving.port_of(reviews)
            servers = [
                serving.reviews(self._reviews(), self._live.context),
                serving.server(create_side_app(self.readiness, self.metrics)),
            ]
            async with asyncio.TaskGroup() as group:
                lasting = [group.create_task(work) for work in self._lasting(port)]
                for server, bound in zip(servers, (reviews, side), strict=True):
                    group.create_task(_serve(server, bound, stop))
                ports = {"port": port, "metrics_port": serving.port_of(side)}
                log.info("listening", extra=ports)
                await stop.wait()
                await self._linger()
                for server in servers:
                    server.should_exit = True
                for task in lasting:
                    task.cancel()
        log.info("stopped")

    def _reviews(self) -> AdmissionApp:
        objects = given(self._manifests) if self._client is None else stored(self._client)
        preview = Previewer(objects, self.snapshot, now)
        allowed = self._settings.policy_rules is PolicyRules.ALLOWED
        return create_app(Decider(self.snapshot, namespaced_rules=allowed), self.readiness, self.metrics, preview)

    def _lasting(self, port: int) -> Iterator[Coroutine[Any, Any, None]]:
        """What runs beside the servers until the process stops."""
        self._compile_schemas()
        yield self._tell_ready()
        yield from self._fill_snapshot()
        self.metrics.observe_certificate(self._live.ends)
        leaf = trust.source(self._client, self._namespace, self._settings.cert_dir)
        if leaf is None:
            trust.offer_throwaway(self._live)
        else:
            yield follow_leaf(self._live, leaf, poll=self._settings.cert_poll_seconds)
        ask = trust.check(self._live, self._client, self._namespace, self._settings, port)
        yield trust.watch(ask, self.readiness, self.metrics)

    def _compile_schemas(self) -> None:
        """Made now, so that the first review does not wait for it."""
        for kind in meta.KINDS:
            crds.validate(kind.kind, {})

    def _fill_snapshot(self) -> Iterator[Coroutine[Any, Any, None]]:
        if self._client is None:
            # Imported here: a process that watches a cluster has no use for a YAML parser.
            from webhooks import manifests

            folder = self._settings.snapshot
            for manifest in manifests.placed(manifests.read_world((folder,) if folder else ()), self._namespace):
                obj = manifests.stored(manifest.obj)
                self.snapshot.put(obj["kind"], obj)
                self._manifests.add(obj)
            self._snapshot_filled()
            return
        followed = sources(self._settings.scope, self._namespace)
        self._feed = Feed(self._client, self.snapshot, followed, trouble=self.metrics.trouble)
        yield self._feed.run()
        yield self._when_synced(self._feed)

    def _age(self) -> float:
        return self._feed.age() if self._feed else 0.0

    async def _when_synced(self, feed: Feed) -> None:
        await feed.synced.wait()
        self._snapshot_filled()

    def _snapshot_filled(self) -> None:
        self.readiness.meet(Need.SNAPSHOT)
        for view in self.snapshot.every_policy():
            compiled(view)
        self.readiness.meet(Need.POLICIES)
        self.metrics.observe_snapshot(self.snapshot.age_seconds, self.snapshot.__len__)

    async def _tell_ready(self) -> None:
        began = monotonic()
        await self.readiness.wait()
        # What was loaded until now stays, and what a review makes goes without the collector's help.
        heap.settle()
        gc.set_threshold(*GC_THRESHOLDS)
        log.info("ready", extra={"seconds": round(monotonic() - began, 3), "objects": len(self.snapshot)})

    async def _linger(self) -> None:
        self.readiness.stop()
        log.info("stopping", extra={"linger_seconds": self._settings.linger_seconds})
        await asyncio.sleep(self._settings.linger_seconds)


async def _serve(server: serving.Server, bound: socket, stop: asyncio.Event) -> None:
    await server.serve([bound])
    if not stop.is_set():
        raise RuntimeError("a server ended by itself")
