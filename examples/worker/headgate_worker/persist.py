"""Asks a broker until it answers. For operations that do no harm when done twice, and whose result must not be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .outage import BROKER_ERRORS, Outage

T = TypeVar("T")


async def until_answered(what: str, operation: Callable[[], Awaitable[T]]) -> T:
    """The operation's result, however long the broker is away. The wait between tries grows to 2 s."""
    outage = Outage(what)
    while True:
        try:
            answer = await operation()
        except BROKER_ERRORS as error:
            await asyncio.sleep(outage.failed(error))
        else:
            outage.over()
            return answer
