"""Steady requests that need the webhook's answer, or the converter's too: dry runs of a Queue, which nobody stores."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from crds.meta import BETA, BETA_API_VERSION, GROUP, QUEUE
from headgate.startup import QUEUES, probe
from kube.client import Client
from kube.errors import ApiError
from kube.resources import custom

AT_ONCE: Final = 6
GENTLE: Final = 0.1
"""A pause that leaves up to 60 requests a second, so that none of what may go wrong falls between two of them."""
BETA_QUEUES: Final = custom(GROUP, BETA, QUEUE.plural, QUEUE.kind)

Ask = Callable[[Client, str], Awaitable[object]]


async def judged(client: Client, namespace: str) -> None:
    """One mutating and one validating review."""
    await client.create(QUEUES, probe(namespace), dry_run=True)


async def converted(client: Client, namespace: str) -> None:
    """The same of an object in v1beta1, which is converted on its way in and on its way out."""
    spec = {"priority": "high", "redis": {"addresses": ["redis:6379"]}}
    queue = probe(namespace) | {"apiVersion": BETA_API_VERSION, "spec": spec}
    await client.create(BETA_QUEUES, queue, dry_run=True)


@dataclass
class Load:
    """Counts requests, and failures by what was said. `pause` is how many seconds each of the askers rests after an
    answer; without it they take all of the processors, and whatever else runs there takes longer.
    """

    client: Client
    namespace: str
    ask: Ask = judged
    pause: float = 0.0
    requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    async def run(self) -> None:
        """Until it is cancelled."""
        await asyncio.gather(*(self._worker() for _ in range(AT_ONCE)))

    async def _worker(self) -> None:
        while True:
            began = time.perf_counter()
            try:
                await self.ask(self.client, self.namespace)
            except ApiError as error:
                self.failures[str(error)[:300]] += 1
            self.requests += 1
            self.slowest = max(self.slowest, time.perf_counter() - began)
            await asyncio.sleep(self.pause)
