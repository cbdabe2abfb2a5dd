"""From counted arrivals to the rate that a pool is staffed for.

The mean of two minutes is steady and late: while a load rises or falls it tells of a minute ago. So a change is looked
for in two shapes, and believed where chance does not explain it. A *jump* shows in the last 20 s, which then count
alone. A *ramp* shows between the two minutes, and is followed to the present moment; not beyond it, for pods that were
started for a forecast have to be paid for when it fails.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from reconciler.plans.facts import QueueFacts
from reconciler.plans.flow import LONG_SECONDS, MIDDLE_SECONDS, SHORT_SECONDS

SIGMAS: Final = 4.0
"""Looked at every two seconds, chance shows a jump of 3 about once an hour, and one of 4 about once a day."""
RAMP_SIGMAS: Final = 3.5
"""By how much the two minutes have to differ. They change more slowly than 20 s do, so chance has fewer tries."""
STRAIGHT_SIGMAS: Final = 3.0
"""Where the last 20 s are further than this from where a ramp would have them, it is none: a jump, or the end of it."""
FALL_SIGMAS: Final = 0.5
FRESH_SECONDS: Final = 60.0
"""Seen for less than this, a rate may be a fifth off; a pool that works is not made larger for it."""
LEAST_COMPLETED: Final = 5
"""With fewer completions a service time is chance."""


def service(queue: QueueFacts) -> float | None:
    """The mean time a job takes, in seconds, where enough jobs have been seen to say."""
    if queue.completed is not None and queue.completed < LEAST_COMPLETED:
        return None
    return queue.service_seconds


def rate(queue: QueueFacts) -> float:
    """Jobs per second now: the mean of two minutes, unless a ramp or a jump says more than chance explains.

    Where arrivals are not counted, what is completed has arrived; and where that is not counted either, Little's law
    gives it from what runs.
    """
    short, long = queue.arrivals_short, queue.arrivals_long
    if short is not None and long is not None:
        if (present := _ramp(queue)) is not None:
            return present
        return short if abs(short - long) > SIGMAS * sqrt(long / SHORT_SECONDS) else long
    if long is not None or short is not None:
        return long if long is not None else short or 0.0
    if queue.completions is not None:
        return queue.completions
    mean = service(queue)
    return (queue.running or 0) / mean if mean else 0.0


def rising(queue: QueueFacts) -> bool:
    """Whether the last minute may have brought more than the one before: slightly fewer are no sign of a fall."""
    minutes = _minutes(queue)
    return minutes is not None and minutes[1] - minutes[0] > -FALL_SIGMAS * sqrt(sum(minutes))


def fresh(queue: QueueFacts) -> bool:
    """Whether it has not been looked at for long enough to make a pool larger that works."""
    return queue.watched_seconds is not None and queue.watched_seconds < FRESH_SECONDS


def doubt(queue: QueueFacts, cv2: float) -> float:
    """The standard error of the product of rate and service time, as a share of it: both come from counted jobs."""
    arrived, completed = rate(queue) * LONG_SECONDS, queue.completed or 0
    return sqrt((1 / arrived if arrived else 0.0) + (cv2 / completed if completed else 0.0))


def _ramp(queue: QueueFacts) -> float | None:
    """The rate at this moment of a load that rises or falls evenly; None where it does not."""
    minutes = _minutes(queue)
    if minutes is None or queue.arrivals_short is None:
        return None
    early, late = minutes
    if abs(late - early) <= RAMP_SIGMAS * sqrt(late + early):
        return None
    slope = (late - early) / MIDDLE_SECONDS**2
    # The middle of the last 20 s lies 20 s after that of the last minute, and the present 30 s after it.
    expected = max(late / MIDDLE_SECONDS + slope * (MIDDLE_SECONDS - SHORT_SECONDS) / 2, 1 / SHORT_SECONDS)
    if abs(queue.arrivals_short - expected) > STRAIGHT_SIGMAS * sqrt(expected / SHORT_SECONDS):
        return None
    return max(0.0, late / MIDDLE_SECONDS + slope * MIDDLE_SECONDS / 2)


def _minutes(queue: QueueFacts) -> tuple[float, float] | None:
    """The jobs that came in the minute before the last, and in the last one."""
    middle, long = queue.arrivals_middle, queue.arrivals_long
    if middle is None or long is None:
        return None
    late = middle * MIDDLE_SECONDS
    return max(0.0, long * LONG_SECONDS - late), late
