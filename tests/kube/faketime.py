"""Time that passes only when a test says so."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count


class FakeTime:
    """Both clocks and sleep. `advance` goes from sleeper to sleeper and lets real input and output happen between."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def monotonic(self) -> float:
        return self.now

    def clock(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), woken))
        await woken

    async def advance(self, seconds: float, idle: Callable[[], bool]) -> None:
        """Let `seconds` pass. `idle` tells that all there is to do is sleep; it is waited for after each step."""
        end = self.now + seconds
        await self._settle(idle)
        while self._sleepers and self._sleepers[0][0] <= end:
            self.now, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await self._settle(idle)
        self.now = end

    def sleeping(self) -> int:
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def _settle(self, idle: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            await asyncio.sleep(0)
            while not idle():  # noqa: ASYNC110 - what is waited for is other tasks' input and output
                await asyncio.sleep(0.005)
