"""Delays that grow: between the runs of a failing job, and between tries to reach a broker. Pure; randomness is
passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .config import Retry

Random = Callable[[], float]
"""Gives numbers in [0, 1)."""


def retry_delay(retry: Retry, attempts: int, random: Random) -> float:
    """Seconds to wait after the `attempts`-th failed run: exponential up to the maximum, then jitter both ways."""
    try:
        growth = retry.multiplier ** max(0, attempts - 1)
    except OverflowError:
        growth = float("inf")
    delay = min(retry.max_seconds, retry.initial_seconds * growth) if retry.initial_seconds else 0.0
    return delay * (1 + retry.jitter_percent / 100 * (2 * random() - 1))


def reconnecting(random: Random, first: float = 0.1, most: float = 2.0) -> Iterator[float]:
    """Waits between tries to reach a broker: doubling, and spread over their upper half so that workers don't
    return as one.
    """
    delay = first
    while True:
        yield delay * (0.5 + random() / 2)
        delay = min(most, delay * 2)
