"""Waiting on conditions in asynchronous tests, with a deadline and an error that shows what was last seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_SECONDS = 0.005


async def eventually(
    what: str, probe: Callable[[], Awaitable[T]], want: Callable[[T], bool], seconds: float = 10.0
) -> T:
    """What `probe` saw when it was first as wanted."""
    deadline = time.monotonic() + seconds
    while not want(seen := await probe()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s; last seen: {seen!r}"
        await asyncio.sleep(_POLL_SECONDS)
    return seen
