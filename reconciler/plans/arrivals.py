"""From counted arrivals to the rate that a pool is staffed for."""

from __future__ import annotations

from math import sqrt
from typing import Final

from reconciler.plans.facts import QueueFacts

SHORT_SECONDS: Final = 20.0
"""The span of `arrivals_short`."""
LONG_SECONDS: Final = 120.0
"""The span of `arrivals_long`."""
SIGMAS: Final = 4.0
"""Looked at every two seconds, chance shows a jump of 3 about once an hour, and one of 4 about once a day."""
LEAST_COMPLETED: Final = 5
"""With fewer completions a service time is chance."""


def service(queue: QueueFacts) -> float | None:
    """The mean time a job takes, in seconds, where enough jobs have been seen to say."""
    if queue.completed is not None and queue.completed < LEAST_COMPLETED:
        return None
    return queue.service_seconds


def rate(queue: QueueFacts) -> float:
    """Jobs per second: the long mean, or the short one when that differs by more than chance explains.

    Where arrivals are not counted, what is completed has arrived; and where that is not counted either, Little's law
    gives it from what runs.
    """
    short, long = queue.arrivals_short, queue.arrivals_long
    if short is not None and long is not None:
        return short if abs(short - long) > SIGMAS * sqrt(long / SHORT_SECONDS) else long
    if long is not None or short is not None:
        return long if long is not None else short or 0.0
    if queue.completions is not None:
        return queue.completions
    mean = service(queue)
    return (queue.running or 0) / mean if mean else 0.0


def doubt(queue: QueueFacts, cv2: float) -> float:
    """The standard error of the product of rate and service time, as a share of it: both come from counted jobs."""
    arrived, completed = rate(queue) * LONG_SECONDS, queue.completed or 0
    return sqrt((1 / arrived if arrived else 0.0) + (cv2 / completed if completed else 0.0))
