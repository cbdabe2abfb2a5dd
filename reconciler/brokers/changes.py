"""What happened to a queue between two readings of it. Pure.

Few brokers count what comes and goes. Where one does, its counters are believed. Elsewhere the workers' records tell
how many runs ended, and what came in follows: a job that arrived is now waiting, running or done. A record lags the
lists by up to a second, so one step may come out negative; `plans.flow` settles that with the steps after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.brokers.observation import UNKNOWN_COUNT, Observation, Signal, estimated
from reconciler.brokers.records import NOTHING_TOLD, Told


@dataclass(frozen=True, slots=True)
class Change:
    """`started` jobs went from waiting to running, None when unknown. `busy` is the time that jobs ran, summed over
    jobs, in seconds. `told` is what the workers' records tell of runs that ended.
    """

    arrived: Signal[int] = UNKNOWN_COUNT
    completed: Signal[int] = UNKNOWN_COUNT
    started: int | None = None
    busy: float = 0.0
    told: Told = NOTHING_TOLD


def between(before: Observation, after: Observation, seconds: float) -> Change:
    """`seconds` lie between the two."""
    told = _told(before, after)
    completed = _completed(before, after, told)
    return Change(
        arrived=_arrived(before, after, completed.value),
        completed=completed,
        started=_sum(completed.value, _difference(before.running, after.running)),
        busy=told.busy if told is not None and told.busy else _integral(before, after, seconds),
        told=told or NOTHING_TOLD,
    )


def _told(before: Observation, after: Observation) -> Told | None:
    """None where nobody keeps records, where some do not tell, or were not read and would be taken for new ones."""
    both = (before, after)
    unread = any(seen.records_left_out or seen.workers.garbage or not seen.workers.tell for seen in both)
    if unread or not (before.workers.everyone or after.workers.everyone):
        return None
    return after.workers.told_since(before.workers)


def _completed(before: Observation, after: Observation, told: Told | None) -> Signal[int]:
    counted = _counted(before.finished, after.finished)
    if counted is not None:
        return Signal(counted, after.counting)
    return UNKNOWN_COUNT if told is None else estimated(told.runs)


def _arrived(before: Observation, after: Observation, completed: int | None) -> Signal[int]:
    counted = _counted(before.enqueued, after.enqueued)
    if counted is not None:
        return Signal(counted, after.counting)
    waiting, running = _difference(before.waiting, after.waiting), _difference(before.running, after.running)
    total = _sum(completed, waiting, running)
    return UNKNOWN_COUNT if total is None else estimated(total)


def _counted(before: int | None, after: int | None) -> int | None:
    """The growth of a broker's counter; one that went back was set anew, and tells nothing."""
    return after - before if before is not None and after is not None and after >= before else None


def _difference(before: Signal[int], after: Signal[int]) -> int | None:
    return None if before.value is None or after.value is None else after.value - before.value


def _sum(*parts: int | None) -> int | None:
    return None if None in parts else sum(part for part in parts if part is not None)


def _integral(before: Observation, after: Observation, seconds: float) -> float:
    """The area under the number of running jobs, by the trapezium between the two readings."""
    running = [seen.running.value for seen in (before, after)]
    return sum(count for count in running if count is not None) / 2 * seconds if None not in running else 0.0


NOTHING_KNOWN: Final = Change()
