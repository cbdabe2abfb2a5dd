"""The reconciler as a process: what it is made of, and the order in which it starts and stops.

Starting: the port is open at once; when the CRDs are there, kopf fills the store; when the store is complete, this
process stands for election. Stopping: no more keys, the passes under way end, the Lease is released, kopf last.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from kube.client import Client
from kube.config import Connection
from kube.errors import ApiError
from kube.events import Recorder
from kube.lease import Environment, LeaderElection, Times
from reconciler import heap, metrics
from reconciler.context import Context
from reconciler.events import Events
from reconciler.health import served
from reconciler.intake import Trimmed
from reconciler.keys import Key
from reconciler.leader import FencedClient, lead
from reconciler.listed import Lists
from reconciler.loop import Loop
from reconciler.metrics import Metrics
from reconciler.observations import Observations
from reconciler.phases import Reconcile
from reconciler.pulse import Pulse
from reconciler.settings import Scope, Settings
from reconciler.status import StatusWriter
from reconciler.sync import Synchroniser
from reconciler.vitals import Vitals
from reconciler.watching import WATCHED, watch
from reconciler.workqueue import WorkQueue
from reconciler.world import World

log = logging.getLogger(__name__)

NAME: Final = "headgate-reconciler"

Background = Callable[[Context], Coroutine[Any, Any, None]]
"""Something the leader does beside the keys, until it is cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a process is made from. Times and chance are parameters for tests."""

    settings: Settings
    connection: Connection
    kinds: Iterable[Reconcile[Any]]
    background: Iterable[Background] = ()
    prepare: Callable[[Context], Awaitable[None]] | None = None
    """Called once before anything is worked; puts the brokers into the context."""
    farewell: Callable[[Context], Awaitable[None]] | None = None
    """Called by the leader that was told to stop, when its passes have ended and before it gives the Lease back."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    rng: Random = field(default_factory=Random)
    listening: Callable[[int], None] = lambda port: log.info("listening", extra={"metrics_port": port})


async def run(setup: Setup) -> None:
    """Until SIGTERM or SIGINT. Raises what ended it otherwise; LeadershipLost is one of these."""
    settings = setup.settings
    async with AsyncExitStack() as stack:
        options: dict[str, Any] = {"user_agent": NAME, "field_manager": NAME, "timeout": settings.request_timeout}
        client = await stack.enter_async_context(Client(setup.connection, monotonic=setup.monotonic, **options))
        election = _election(setup, client, settings.namespace or setup.connection.namespace)
        fenced = FencedClient(setup.connection, lambda: election.leading, settings.requests, **options)
        process = Process(setup, client, await stack.enter_async_context(fenced), election)
        health = process.vitals().health().app()
        setup.listening(await stack.enter_async_context(served(health, settings.metrics_host, settings.metrics_port)))
        await process.until_stopped()
    log.info("stopped")


def _election(setup: Setup, client: Client, namespace: str) -> LeaderElection:
    settings = setup.settings
    identity = settings.identity or f"{socket.gethostname()}_{secrets.token_hex(4)}"
    times = Times(settings.lease_duration, settings.renew_deadline, settings.retry_period)
    environment = Environment(setup.clock, setup.monotonic, asyncio.sleep, setup.rng)
    return LeaderElection(client, namespace, NAME, identity, times, environment)


class Process:
    """Everything that lives as long as the process does."""

    def __init__(self, setup: Setup, client: Client, fenced: Client, election: LeaderElection) -> None:
        self._setup = setup
        self._client = client
        self._fenced = fenced
        self._election = election
        self._namespace = setup.settings.namespace or setup.connection.namespace
        self._stopping = asyncio.Event()
        self._queue: WorkQueue[Key] = WorkQueue(rng=setup.rng, monotonic=setup.monotonic)
        self._world = World(self._queue)
        self._metrics = Metrics(process=True)
        self._recorder = Recorder(client, NAME, election.identity, clock=setup.clock, monotonic=setup.monotonic)
        self._watched = WATCHED[setup.settings.scope]
        where = self._where
        self._synchroniser = Synchroniser(client, self._world.store, where, self._world.vanished)
        self._paths = {watched.resource.path(where): str(watched.resource) for watched in self._watched}
        kinds = {watched.resource.path(where): watched.resource.kind for watched in self._watched}
        intake = Trimmed(self._world.store, kinds, Lists(self._synchroniser.listed))
        self._pulse = Pulse(self._paths, setup.monotonic, intake)

    @property
    def _where(self) -> str | None:
        """The namespace that is looked after; None for all of them."""
        return self._namespace if self._setup.settings.scope is Scope.NAMESPACED else None

    def vitals(self) -> Vitals:
        return Vitals(
            self._client,
            self._pulse,
            self._paths,
            self._synchroniser,
            self._election,
            self._recorder,
            self._queue,
            self._metrics,
            self._setup.monotonic,
            self._setup.settings.watch_silence,
        )

    async def until_stopped(self) -> None:
        """Run everything; whatever ends by itself ends the process."""
        self._take_signals()
        leading = asyncio.create_task(self._stand(), name="leadership")
        # Kopf cancels what began after it, so it begins last and is stopped last but for what it feeds.
        last = (heap.keep(), self._recorder.run(), self._compare(), self._watch())
        others = [asyncio.create_task(task) for task in last]
        tasks = (leading, *others)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # Events that nobody takes are no reason to say that the process has failed.
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._recorder.flush()

    async def _watch(self) -> None:
        await self._crds()
        self._synchroniser.started.set()
        await watch(
            self._setup.connection,
            self._where,
            self._watched,
            self._world.seen,
            self._pulse,
            self._election.identity,
            spawned=self._take_signals,
        )

    async def _crds(self) -> None:
        """Kopf looks once which kinds there are, and would watch nothing for ever."""
        said = False
        while not await self._all_served():
            if not said:
                log.warning("waiting for the CustomResourceDefinitions of Headgate: install the chart headgate-crds")
                said = True
            await asyncio.sleep(1.0)

    async def _all_served(self) -> bool:
        try:
            return all([await self._client.served(watched.resource) for watched in self._watched])
        except ApiError as error:
            log.warning("asking which kinds are served: %s", error)
            return False

    async def _compare(self) -> None:
        await self._synchroniser.started.wait()
        await self._synchroniser.run(self._watched)

    async def _stand(self) -> None:
        """Once the store is complete, lead or stand by until it is time to stop."""
        waiting = [asyncio.create_task(event.wait()) for event in (self._stopping, self._synchroniser.synced)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if not self._stopping.is_set():
            context = self._context()
            if self._setup.prepare is not None:
                await self._setup.prepare(context)
            await lead(self._election, lambda: self._work(context), self._stopping, self._queue.hurry)

    async def _work(self, context: Context) -> None:
        """The leader's term, until it is time to stop and the passes under way have ended."""
        settings = self._setup.settings
        writer = StatusWriter(self._fenced, self._setup.monotonic, self._world.answered, self._wrote, context.turns)
        context.fast_at = writer.fast_at
        loop = Loop(context, self._queue, writer, self._setup.kinds)
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(work(context)) for work in self._setup.background]
            running = tasks.create_task(loop.run(settings.workers, settings.shutdown_grace))
            stop = tasks.create_task(self._stopping.wait())
            await asyncio.wait((running, stop, *beside), return_when=asyncio.FIRST_COMPLETED)
            loop.stop()
            await asyncio.wait((running,))
            for task in (stop, *beside):
                task.cancel()
        if self._stopping.is_set() and self._setup.farewell is not None:
            await self._setup.farewell(context)

    def _wrote(self, kind: str) -> None:
        self._metrics.add(metrics.STATUS_WRITES, kind)

    def _context(self) -> Context:
        return Context(
            client=self._fenced,
            world=self._world,
            observations=Observations(self._setup.monotonic, self._world.wake_pools),
            settings=self._setup.settings,
            metrics=self._metrics,
            events=Events(self._recorder),
            clock=self._setup.clock,
            monotonic=self._setup.monotonic,
            rng=self._setup.rng,
            wake=self._queue.add,
            wake_after=self._queue.add_after,
        )

    def _take_signals(self) -> None:
        for caught in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(caught, self._stopping.set)
