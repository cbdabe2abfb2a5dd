"""Asking the API server again until it answers or the time is up: for commands that run once and must get through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from kube.errors import ApiError, Forbidden, Retry

T = TypeVar("T")

FORBIDDEN_SECONDS = 10.0
"""How long a refusal is taken for a right that was granted a moment ago and has not arrived yet."""


@dataclass(slots=True)
class Patience:
    """A deadline for everything asked under it, in seconds of a monotonic clock."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def spent(self) -> float:
        return self.clock() - self.began

    @property
    def over(self) -> bool:
        return self.spent >= self.seconds

    async def pause(self, error: ApiError | None = None) -> None:
        await self.sleep((error and error.retry_after) or 0.5)

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """The call's answer; raises the last ApiError when the time is up, or at once what no retry can mend."""
        while True:
            try:
                return await call()
            except ApiError as error:
                if self.over or not self._may_pass(error):
                    raise
                await self.pause(error)

    def _may_pass(self, error: ApiError) -> bool:
        if isinstance(error, Forbidden):
            return self.spent < FORBIDDEN_SECONDS
        return error.retry is not Retry.NEVER
