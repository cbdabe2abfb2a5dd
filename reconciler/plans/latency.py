"""How long jobs take from being enqueued to their end: what they waited, and how long they then ran. Pure.

Nobody counts it. Waits are counted or judged, and of the time a job runs the mean and the variation are known; so the
two are put together as if they had nothing to do with each other, and the times that jobs run as if their logarithms
were normal, which is near the truth for short jobs with a few long ones among them. So the result is an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erf, log, sqrt
from typing import Final

TOLERANCE: Final = 0.005
"""The result is looked for until it is known to half a percent."""
UNTOLD_CV2: Final = 1.0
"""The variation of times that nobody tells: that of exponential ones."""

Waits = Sequence[tuple[float, int]]
"""Seconds, and how many jobs waited so long."""


def percentile(waits: Waits, mean: float, cv2: float | None, percent: int) -> float | None:
    """The seconds that `percent` of 100 jobs took at most; `mean` and `cv2` are of the time they run. None of none."""
    jobs = sum(number for _, number in waits)
    if jobs == 0 or mean <= 0:
        return None
    low, high = 0.0, max(wait for wait, _ in waits) + mean
    while _done(waits, high, mean, cv2) * 100 < jobs * percent:
        low, high = high, 2 * high
    while high - low > TOLERANCE * high:
        middle = (low + high) / 2
        if _done(waits, middle, mean, cv2) * 100 < jobs * percent:
            low = middle
        else:
            high = middle
    return high


def _done(waits: Waits, seconds: float, mean: float, cv2: float | None) -> float:
    """How many of the jobs have ended so long after they were enqueued."""
    return sum(number * _ended(seconds - wait, mean, cv2) for wait, number in waits if wait < seconds)


def _ended(seconds: float, mean: float, cv2: float | None) -> float:
    """The part of the jobs that run no longer than this."""
    variance = log(1 + (UNTOLD_CV2 if cv2 is None else cv2))
    if variance == 0:
        return float(seconds >= mean)
    distance = log(seconds / mean) + variance / 2
    return (1 + erf(distance / sqrt(2 * variance))) / 2
