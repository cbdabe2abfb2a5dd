"""Emptying a node of workers: asking them, and asking again whoever was called back, until none is left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from headgate.fleet import draining, nodes
from headgate.fleet.nodes import Object
from headgate.fleet.session import FIELD_MANAGER, Cluster
from headgate.fleet.targets import POOLS
from headgate.patience import Patience
from kube.errors import Conflict, Forbidden, NotFound
from kube.resources import NODES, PODS

POLL_SECONDS: Final = 1.0
NOT_IN_TIME: Final = 1
MOST_POOLS: Final = 3
"""Whose hindrances are looked up and told."""


class Emptying:
    """One node. Each change is told in a line of its own."""

    def __init__(self, cluster: Cluster, node: str, say: Callable[[str], object]) -> None:
        self._cluster = cluster
        self._node = node
        self._tell = say
        self._known: set[str] = set()

    async def begin(self) -> None:
        """Asks every worker that nobody has asked yet."""
        if await self._takes_pods():
            self._say(f"takes new pods, so workers may come back to it; kubectl cordon {self._node}")
        here = await self._workers()
        self._known = {pod["metadata"]["uid"] for pod in here}
        asked = nodes.to_ask(here)
        await self._ask(asked)
        self._say(f"{_counted(asked)} asked to drain")

    async def follow(self, patience: Patience, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> int:
        """The exit code."""
        said: list[str] = []
        while left := await patience.ask(self._workers):
            lines = [nodes.progress(left), *await patience.ask(lambda: self._hindrances(left))]
            if lines != said:
                said = lines
                self._say("\n".join(lines))
            await patience.ask(lambda: self._ask_again(left))
            if patience.over:
                self._say(f"not empty after {patience.seconds:g} s; the drain goes on")
                return NOT_IN_TIME
            await sleep(POLL_SECONDS)
        self._say("no workers left")
        return 0

    async def _ask_again(self, left: Sequence[Object]) -> None:
        if nodes.to_ask(left):
            closed = await self._takes_pods() is False
            asked = nodes.to_ask_again(left, self._known, closed=closed)
            await self._ask(asked)
            if asked:
                self._say(f"{_counted(asked)} more asked to drain")

    async def _ask(self, pods: Sequence[Object]) -> None:
        for pod in pods:
            metadata = pod["metadata"]
            with contextlib.suppress(NotFound, Conflict):
                # Gone, or another pod of its name: that one is on its own node.
                patch = nodes.request(pod, datetime.now(UTC))
                await self._cluster.client.merge_patch(
                    PODS, metadata["name"], metadata["namespace"], patch, field_manager=FIELD_MANAGER
                )

    async def _workers(self) -> Sequence[Object]:
        found = await self._cluster.client.list(
            PODS,
            self._cluster.namespace,
            label_selector=nodes.workers_selector(),
            field_selector=f"spec.nodeName={self._node}",
        )
        return [pod for pod in found.items if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")]

    async def _takes_pods(self) -> bool | None:
        """Whether the scheduler may place pods there; None where nobody may tell. Raises NotFound for no such node."""
        try:
            found = await self._cluster.client.get(NODES, self._node)
        except Forbidden:
            return None
        return not found["spec"].get("unschedulable")

    async def _hindrances(self, pods: Sequence[Object]) -> list[str]:
        """What keeps workers of their pools from leaving, as far as one may know."""
        lines = []
        for namespace, name in nodes.pools_of(pods)[:MOST_POOLS]:
            with contextlib.suppress(NotFound, Forbidden):
                pool = await self._cluster.client.get(POOLS, name, namespace)
                if reason := draining.hindrance(pool):
                    lines.append(f"  wp/{name} in {namespace}: {reason}")
        return lines

    def _say(self, line: str) -> None:
        self._tell(f"node {self._node}: {line}")


def _counted(pods: Sequence[Object]) -> str:
    return f"{len(pods)} worker{'' if len(pods) == 1 else 's'}"
