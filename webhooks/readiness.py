"""When this process may get reviews: a latch that closes once, and opens again only to stop.

What breaks after the first readiness is told by metrics and conditions: a fault all replicas share must not unready all
of them at once, and with failurePolicy Fail an unready server is worse than one with an old snapshot.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum


class Need(StrEnum):
    """What must have happened once before the first review."""

    SNAPSHOT = "snapshot synced"
    POLICIES = "policies compiled"
    HANDSHAKE = "own certificate verified"


class Readiness:
    def __init__(self, needs: frozenset[Need] = frozenset(Need)) -> None:
        self._missing = set(needs)
        self._stopping = False
        self._met = asyncio.Event()

    def meet(self, need: Need) -> None:
        self._missing.discard(need)
        if not self._missing:
            self._met.set()

    def met(self, need: Need) -> bool:
        return need not in self._missing

    def stop(self) -> None:
        self._stopping = True

    async def wait(self) -> None:
        """Until everything has happened once."""
        await self._met.wait()

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def ready(self) -> bool:
        return not self._missing and not self._stopping

    def text(self) -> str:
        """What a probe is told."""
        if self._stopping:
            return "stopping"
        return f"waiting for: {', '.join(sorted(self._missing))}" if self._missing else "ready"
