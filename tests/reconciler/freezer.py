"""A way to the API server that can go deaf: connections stay open, and nothing comes through them any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from tests.cluster.cluster import Cluster


class Freezer:
    """Forwards TCP. What is open at `freeze` says nothing any more; what is opened later works."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._generation = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.frozen = 0

    def freeze(self) -> None:
        self._generation += 1

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(self._host, self._port)
        born = self._generation
        ways = (self._forward(reader, up_writer, born), self._forward(up_reader, writer, born))
        self._tasks += (asyncio.create_task(way) for way in ways)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, born: int) -> None:
        # Either end may go away at any time; that is what ends the other direction too.
        with closing(writer), suppress(OSError):
            while data := await reader.read(65536):
                if self._generation > born:
                    self.frozen += 1
                    await asyncio.Event().wait()
                writer.write(data)
                await writer.drain()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def frozen_way(cluster: Cluster, folder: Path) -> AsyncIterator[tuple[Freezer, Path]]:
    """A freezer in front of a cluster, and a kubeconfig that leads through it."""
    there = urlsplit(cluster.server)
    assert there.hostname is not None
    assert there.port is not None
    freezer = Freezer(there.hostname, there.port)
    server = await asyncio.start_server(freezer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    given = yaml.safe_load(cluster.kubeconfig.read_text())
    for entry in given["clusters"]:
        entry["cluster"]["server"] = f"https://127.0.0.1:{port}"
    path = folder / "kubeconfig-through-freezer"
    path.write_text(yaml.safe_dump(given))
    path.chmod(0o600)
    try:
        yield freezer, path
    finally:
        server.close()
        await freezer.close()
