"""What several servers say of the same thing, and whom of them to believe.

All are asked at once, and when more than half have answered nobody waits for the rest. The newest word counts, by the
epoch in which they agreed on it: one that was cut off still says what was true before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from reconciler.brokers.errors import BrokerError

T = TypeVar("T")
EPOCH_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Opinion(Generic[T]):
    """One server's; `epoch` counts the failovers it knows of."""

    epoch: int
    word: T


async def newest(asked: Sequence[Coroutine[Any, Any, Opinion[T]]], nobody: str) -> T:
    """Raises `BrokerError` where none has an opinion; `nobody` is the beginning of the message."""
    opinions: list[Opinion[T]] = []
    errors: list[BrokerError] = []
    asking = [asyncio.ensure_future(one) for one in asked]
    try:
        for answer in asyncio.as_completed(asking):
            try:
                opinions.append(await answer)
            except BrokerError as error:
                errors.append(error)
            if len(opinions) > len(asking) // 2:
                break
    finally:
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    if not opinions:
        # What somebody has to mend is worth more than who is away.
        worst = min(errors, key=lambda error: error.passes)
        raise type(worst)(f"{nobody}: {worst.message}")
    return max(opinions, key=lambda opinion: opinion.epoch).word


def epoch(text: Any) -> int:
    """0 for what is none."""
    return int(text) if isinstance(text, bytes) and text.isdigit() and len(text) <= EPOCH_DIGITS else 0
