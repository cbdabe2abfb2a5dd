"""Erlang's formula for the chance to wait, and how many servers keep that chance small.

With `load` busy servers on average (arrivals per second times the mean time of a job) and Poisson arrivals, a job finds
all of `servers` taken with probability C(servers, load) (A. K. Erlang, 1917), and then waits longer than t with
probability exp(-(servers - load) * t / S). For times that are not exponential, S is stretched by (1 + cv2) / 2, the
approximation of Allen and Cunneen. The blocking formula B is computed by its recursion, which adds and divides positive
numbers only and so neither overflows nor cancels.
"""

from __future__ import annotations

from math import ceil, exp, floor, sqrt
from typing import Final

LARGE_LOAD: Final = 500.0
"""From here on the square-root rule replaces the recursion: load + 2 * sqrt(load) leaves 2.3 % to wait at all."""


def waits(servers: int, load: float) -> float:
    """The probability that a job has to wait; 1 where the servers cannot keep up with the load."""
    if load <= 0:
        return 0.0
    if servers <= load:
        return 1.0
    return _waits(servers, load, _blocked(servers, load))


def servers(load: float, patience: float, risk: float) -> int:
    """The least number of servers with which at most `risk` of the jobs wait longer than `patience`.

    `patience` is counted in (stretched) service times. There are always more servers than load, so that no backlog
    stays.
    """
    if load <= 0:
        return 0
    if load > LARGE_LOAD:
        # The rule knows no risk: a small one asks for more at the border, and more load must never need fewer.
        return max(ceil(load + 2 * sqrt(load)), _least(LARGE_LOAD, patience, risk))
    return _least(load, patience, risk)


def _least(load: float, patience: float, risk: float) -> int:
    number = floor(load) + 1
    blocked = _blocked(number, load)
    while _waits(number, load, blocked) * exp(-min((number - load) * patience, 700.0)) > risk:
        number += 1
        blocked = _next(blocked, number, load)
    return number


def _waits(servers: int, load: float, blocked: float) -> float:
    return blocked / (1 - load / servers * (1 - blocked))


def _blocked(servers: int, load: float) -> float:
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = _next(blocked, number, load)
    return blocked


def _next(blocked: float, number: int, load: float) -> float:
    return load * blocked / (number + load * blocked)
