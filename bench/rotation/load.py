"""Steady requests that each need the webhook's answer: dry runs of a Queue, which nobody stores."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from headgate.startup import QUEUES, probe
from kube.client import Client
from kube.errors import ApiError

AT_ONCE: Final = 6


@dataclass
class Load:
    """Counts requests, and failures by what was said; each request is one mutating and one validating review."""

    client: Client
    namespace: str
    requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    async def run(self) -> None:
        """Until it is cancelled."""
        await asyncio.gather(*(self._worker() for _ in range(AT_ONCE)))

    async def _worker(self) -> None:
        queue: dict[str, Any] = probe(self.namespace)
        while True:
            began = time.perf_counter()
            try:
                await self.client.create(QUEUES, queue, dry_run=True)
            except ApiError as error:
                self.failures[str(error)[:300]] += 1
            self.requests += 1
            self.slowest = max(self.slowest, time.perf_counter() - began)
