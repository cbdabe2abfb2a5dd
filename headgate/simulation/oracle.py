"""What the same trace costs somebody who knows the future.

The oracle knows every arrival and every service time, and has pods ready at the second they are needed. In
slot-seconds, work may be done no earlier than it would be if every job started on arrival, and no later than if every
job waited for the whole target. Between these two cumulative curves the shortest path (the taut string) needs the
least capacity at every level at once: it is the best schedule for every convex cost (Yao, Demers and Shenker, 1995).
Its slope, in whole pods, is what has to be ready. A pod is charged for its start-up too, and is kept through a gap that
is shorter than it. Whole pods make waiting a trade: a lone job is cheapest when it is run at once, so the cheapest of
three schedules counts. The `bound` lets pods be had in parts, charges only for the part that is used, and spreads the
work over the whole target; nobody can reach it, and it says how much of a cost may be the oracle's own.

Queues share the capacity, so their curves are added, each with its own target. No schedule of several queues can need
less; some need more, where jobs that must not wait come while those that may have been worked off, so for them the
oracle's cost is a bound too. A rate limit delays both curves of its queue, for the oracle keeps it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import ceil, floor
from typing import Final

from headgate.simulation.bucket import Bucket
from headgate.simulation.calendar import Calendar
from headgate.simulation.settings import QueueSettings, Settings
from headgate.simulation.work import Arrival, Trace

ROUNDING: Final = 1e-6
Curves = tuple[list[float], list[float]]


def pod_seconds(trace: Trace, settings: Settings) -> float:
    """The cost of the cheapest of the schedules that have jobs wait for the whole target, for half of it, or not."""
    costs = (_cost(_whole(capacity(trace, settings, part), settings), settings) for part in (0.0, 0.5, 1.0))
    return min(costs)


def bound(trace: Trace, settings: Settings) -> float:
    """What no schedule that keeps every wait within the target can cost less than."""
    slots = capacity(trace, settings)
    return _cost([min(one / settings.concurrency, float(settings.max_replicas)) for one in slots], settings)


def capacity(trace: Trace, settings: Settings, part: float = 1.0) -> list[float]:
    """The slots that the taut string keeps busy, second by second, if jobs wait for that part of their targets."""
    done, due = curves(trace, settings, part)
    return _taut(due, done)


def curves(trace: Trace, settings: Settings, part: float = 1.0) -> Curves:
    """The slot-seconds that can have been worked by each second, and those that have to be."""
    found = [_curves_of(jobs, own, part, ceil(trace.duration)) for own, jobs in _by_queue(trace, settings)]
    done, due = zip(*found, strict=True)
    return _sum(done), _sum(due)


def _by_queue(trace: Trace, settings: Settings) -> Iterator[tuple[QueueSettings, Sequence[Arrival]]]:
    """Jobs of a paused queue are nobody's work."""
    for place, own in enumerate(settings.queues):
        jobs = trace.jobs if len(settings.queues) == 1 else [job for job in trace.jobs if job.queue == place]
        yield own, () if own.paused else jobs


def _sum(curves: Sequence[list[float]]) -> list[float]:
    return [sum(values) for values in zip(*curves, strict=True)] if len(curves) > 1 else curves[0]


def _curves_of(jobs: Sequence[Arrival], own: QueueSettings, part: float, length: int) -> Curves:
    patience = ceil((own.target or 0.0) * part)
    released = _released(jobs, own)
    done = [0.0, *accumulate(_occupied(released, length))]
    if own.rate is None:
        return done, [done[max(0, second - patience)] for second in range(len(done))]
    late = [job._replace(at=max(free.at, job.at + patience)) for job, free in zip(jobs, released, strict=True)]
    return done, [0.0, *accumulate(_occupied(late, length))]


def _released(jobs: Sequence[Arrival], own: QueueSettings) -> Sequence[Arrival]:
    """The jobs at the moments at which the rate limit lets them begin, if each does as soon as it may."""
    if own.rate is None:
        return jobs
    bucket, found, last = Bucket(own.rate, own.burst), [], 0.0
    for job in jobs:
        last = bucket.opens(max(last, job.at))
        bucket.take(last)
        found.append(job._replace(at=last))
    return found


def _occupied(jobs: Sequence[Arrival], length: int) -> list[float]:
    """The slots in use in each second, if every job started on arrival."""
    changes = [0.0] * (length + 2)
    whole = [0.0] * (length + 1)
    for arrived, seconds, _ in jobs:
        if arrived >= length:
            continue
        end = min(arrived + seconds, float(length))
        first, last = floor(arrived), floor(end)
        if first == last:
            whole[first] += end - arrived
            continue
        whole[first] += first + 1 - arrived
        whole[min(last, length)] += end - last
        changes[first + 1] += 1
        changes[last] -= 1
    return [part + full for part, full in zip(whole[:length], accumulate(changes), strict=False)]


def _taut(lower: Sequence[float], upper: Sequence[float]) -> list[float]:
    """The slopes of the shortest path from 0 to the end of `lower`, between both curves."""
    slopes: list[float] = []
    at, height, last = 0, 0.0, len(lower) - 1
    while at < last:
        turn, goal = _next_turn(lower, upper, at, height)
        slopes += [(goal - height) / (turn - at)] * (turn - at)
        at, height = turn, goal
    return slopes


def _next_turn(lower: Sequence[float], upper: Sequence[float], at: int, height: float) -> tuple[int, float]:
    """How far the string runs straight: to the curve that would be crossed if it went on."""
    last = len(lower) - 1
    least, most = float("-inf"), float("inf")
    least_at = most_at = at
    for end in range(at + 1, last + 1):
        low = (lower[end] - height) / (end - at)
        high = low if end == last else (upper[end] - height) / (end - at)
        if low > most:
            return most_at, upper[most_at]
        if high < least:
            return least_at, lower[least_at]
        if low >= least:
            least, least_at = low, end
        if high <= most:
            most, most_at = high, end
    return last, lower[last]


def _whole(slots: Sequence[float], settings: Settings) -> list[float]:
    return [min(ceil(one / settings.concurrency - ROUNDING), settings.max_replicas) for one in slots]


def _cost(pods: Sequence[float], settings: Settings) -> float:
    """What these pods cost, with those that a schedule keeps."""
    if settings.schedules:
        calendar = Calendar(settings)
        pods = [max(number, calendar.lowest(float(second))) for second, number in enumerate(pods)]
    highest = max(settings.min_replicas, ceil(max(pods, default=0.0) - ROUNDING))
    return sum(_level(pods, level, settings) for level in range(1, highest + 1))


def _level(pods: Sequence[float], level: int, settings: Settings) -> float:
    """The pod-seconds of the pod that takes what `level - 1` others cannot."""
    if level <= settings.min_replicas:
        return float(len(pods))
    cost, gap, started = 0.0, 0.0, False
    for number in pods:
        part = min(number - (level - 1), 1.0)
        if part > ROUNDING:
            cost += part + (min(gap, settings.startup) if started else settings.startup)
            gap, started = 0.0, True
        else:
            gap += 1
    return cost
