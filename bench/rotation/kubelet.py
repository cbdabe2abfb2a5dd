"""What kubelet and EndpointSlice controller do for a Deployment's pods, done for processes.

Readiness is asked for every second and told in an EndpointSlice of the replica's own; a replica that is to go is
told so, becomes unready by its own word, and is taken out when its process has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any, Final

from bench.rotation.processes import Program, start
from kube.client import Client
from kube.resources import ENDPOINT_SLICES

PROBE_SECONDS: Final = 1.0
READY_SECONDS: Final = 180.0
SERVICE: Final = "headgate-webhook"
KEEPS, CLOSES = "headgate", "bench.rotation.closing"
"""Modules of a replica that keeps its connections, and of one that does not."""


class Kubelet:
    """`flags` are those of every replica; `address` is where they listen."""

    def __init__(self, client: Client, namespace: str, address: str, folder: Path, *flags: str) -> None:
        self._client = client
        self._namespace = namespace
        self._address = address
        self._folder = folder
        self._flags = flags
        self._told: dict[str, tuple[bool, bool]] = {}
        self._changed = asyncio.Event()
        self._leaving: set[str] = set()
        self.replicas: dict[str, Program] = {}
        self.reviews = {KEEPS: 0.0, CLOSES: 0.0}
        self.modules: dict[str, str] = {}

    async def add(self, name: str, module: str) -> None:
        """A replica more; returns when it is ready and told to be."""
        flags = ("webhook", f"--host={self._address}", "--port=0", "--metrics-port=0", *self._flags)
        self.modules[name] = module
        self.replicas[name] = await asyncio.to_thread(start, name, self._folder, module, *flags, host=self._address)
        self._changed.clear()
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while self._told.get(name) != (True, False):
            if asyncio.get_running_loop().time() > deadline:
                replica = self.replicas[name]
                raise RuntimeError(f"{name} is not ready: {replica.page('/readyz')}: {replica.log.read_text()[-2000:]}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), PROBE_SECONDS)
            self._changed.clear()

    async def remove(self, name: str) -> int:
        """SIGTERM, as when a pod is deleted; returns the exit code."""
        self._leaving.add(name)
        replica = self.replicas[name]
        self._count(name)
        replica.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(replica.process.wait, 60)
        del self.replicas[name]
        await self._client.delete(ENDPOINT_SLICES, f"replica-{name}", self._namespace)
        return code

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            for name in list(self.replicas):
                await self._probe(name)
            await asyncio.sleep(PROBE_SECONDS)

    async def _probe(self, name: str) -> None:
        replica = self.replicas.get(name)
        if replica is None:
            return
        state = (await asyncio.to_thread(replica.ready), name in self._leaving)
        if name in self.replicas and self._told.get(name) != state:
            await self._client.apply(ENDPOINT_SLICES, self._slice(name, replica, *state), "bench-kubelet")
            self._told[name] = state
            self._changed.set()

    def _slice(self, name: str, replica: Program, ready: bool, leaving: bool) -> dict[str, Any]:
        labels = {"kubernetes.io/service-name": SERVICE, "endpointslice.kubernetes.io/managed-by": "bench"}
        conditions = {"ready": ready and not leaving, "serving": ready or leaving, "terminating": leaving}
        return {
            "apiVersion": ENDPOINT_SLICES.api_version,
            "kind": ENDPOINT_SLICES.kind,
            "metadata": {"name": f"replica-{name}", "namespace": self._namespace, "labels": labels},
            "addressType": "IPv4",
            "ports": [{"name": "https", "port": replica.ports["port"], "protocol": "TCP"}],
            "endpoints": [{"addresses": [self._address], "conditions": conditions}],
        }

    def _count(self, name: str) -> None:
        # What a leaving replica still answers afterwards is not counted.
        self.reviews[self.modules[name]] += self.replicas[name].metric("headgate_webhook_reviews_total")

    def stop(self) -> None:
        for name, replica in self.replicas.items():
            if replica.process.poll() is None:
                self._count(name)
            replica.kill()
