"""What the worker's tests share: a queue to look at, and workers in this process or their own, ended by the end
of the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from headgate_worker import demo
from headgate_worker.handlers import Handler
from headgate_worker.recovery import PATIENCE, Patience
from headgate_worker.worker import Worker
from redis.asyncio import Redis

from tests.cluster import binaries, debian, redis
from tests.cluster.redis import Redis as Server
from tests.cluster.state import State
from tests.examples.worker import building
from tests.examples.worker.bench import Bench
from tests.examples.worker.processes import WorkerProcess

StartWorker = Callable[..., Awaitable[Worker]]
StartProcess = Callable[..., WorkerProcess]


@pytest.fixture(params=["List", "Stream"])
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def bench(redis_server: str) -> AsyncIterator[Bench]:
    """The queue `q` as lists."""
    async with Redis.from_url(redis_server, protocol=2) as client:
        yield Bench(client, redis_server)


@pytest.fixture
async def either(redis_server: str, layout: str) -> AsyncIterator[Bench]:
    """The queue `q` in each layout."""
    async with Redis.from_url(redis_server, protocol=2) as client:
        yield Bench(client, redis_server, layout)


@pytest.fixture
async def start() -> AsyncIterator[StartWorker]:
    """Starts workers in this process; at the end they are terminated and must leave."""
    async with AsyncExitStack() as stack:

        async def begin(
            *queues: Mapping[str, Any],
            handler: Handler = demo.handle,
            patience: Patience = PATIENCE,
            given: Mapping[str, Any] | None = None,
            **pool: Any,
        ) -> Worker:
            inline = building.a_config(*queues, **pool) if queues else None
            worker = Worker(building.settings(inline, **(given or {})), handler, patience)
            await stack.enter_async_context(_at_work(worker))
            return worker

        yield begin


@asynccontextmanager
async def _at_work(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.terminate()
        async with asyncio.timeout(20):
            await task


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[StartProcess]:
    """Starts workers as processes; whatever still runs at the end is killed."""
    started: list[WorkerProcess] = []

    def begin(*arguments: str, **environment: str) -> WorkerProcess:
        started.append(WorkerProcess(arguments, environment, tmp_path / f"worker-{len(started)}.log"))
        return started[-1]

    yield begin
    for process in started:
        process.kill()


@pytest.fixture
def durable_redis(servers: State, tmp_path: Path) -> Iterator[DurableRedis]:
    """A Redis that keeps what it acknowledged when it is killed."""
    server = DurableRedis(servers, tmp_path)
    server.start()
    yield server
    server.stop()


class DurableRedis:
    """A Redis with an append-only file written before each answer, to be killed and started again on its port."""

    def __init__(self, state: State, folder: Path) -> None:
        free = redis.start(state)
        free.stop()
        self._server: Server = free
        self._state, self._folder = state, folder
        self.url = free.url

    def start(self) -> None:
        name = f"durable-redis-{self._server.port}"
        command: list[str | Path] = [
            binaries.installed("redis-server", debian.REDIS),
            "--bind", "127.0.0.1", "--port", str(self._server.port), "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--dir", self._folder,
        ]  # fmt: skip
        self._state.start(name, command)

    def stop(self) -> None:
        self._state.stop(f"durable-redis-{self._server.port}")
