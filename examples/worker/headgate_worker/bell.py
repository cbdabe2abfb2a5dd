"""A wake-up for one loop: rung any number of times before it is heard, it is heard once."""

from __future__ import annotations

import asyncio


class Bell:
    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def heard(self, within: float | None = None) -> bool:
        """Waits for a ring, at most `within` seconds; whether there was one."""
        try:
            async with asyncio.timeout(within):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True
