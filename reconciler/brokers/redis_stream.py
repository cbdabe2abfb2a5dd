"""The Stream layout: one consumer group over one stream, or one for each priority.

What waits is behind the group's last entry, what runs are its pending ones. A job's age is its entry's id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from reconciler.brokers import jobtime, stream_lane
from reconciler.brokers.observation import (
    UNKNOWN_COUNT,
    UNKNOWN_TIME,
    Identity,
    Method,
    Observation,
    Signal,
    estimated,
    exact,
)
from reconciler.brokers.questions import Command
from reconciler.brokers.records import Records, State, parse_all
from reconciler.brokers.redis_queue import (
    Answers,
    Asks,
    RedisQueue,
    ask,
    common_questions,
    due_of,
    due_questions,
    identify,
    records_of,
    same_until,
    time_of,
)
from reconciler.brokers.stream_lane import COUNTED, Lane


class RedisStreamObserver:
    """Observes one queue. `clock` (seconds since the epoch) stands in where the broker does not tell its own time."""

    def __init__(self, link: Asks, queue: RedisQueue, clock: Callable[[], float]) -> None:
        self._link = link
        self._queue = queue
        self._clock = clock

    async def observe(self) -> Observation:
        known = self._link.identity
        first = await ask(self._link, self._first_questions(known))
        lanes = [stream_lane.read(first, key, self._queue.group) for key in self._queue.lanes]
        now = time_of(first, self._clock)
        raw, left_out = records_of(first)
        workers = parse_all(raw, now)
        second = await self._second(lanes, workers, first, now)
        return Observation(
            time=now,
            waiting=_sum(stream_lane.waiting(lane, second) for lane in lanes),
            running=exact(sum(lane.pending for lane in lanes)),
            scheduled=first.count("scheduled"),
            due=due_of(first, second),
            dead_letters=first.count("dead letters"),
            oldest_enqueued=_oldest(lanes, second, now),
            enqueued=_total(None if lane.read is None or lane.lag is None else lane.read + lane.lag for lane in lanes),
            finished=_total(None if lane.read is None else lane.read - lane.pending for lane in lanes),
            due_seconds=self._queue.due_seconds,
            refused=first.refused or second.refused,
            identity=known or identify(self._link, first),
            workers=workers,
            records=raw,
            records_left_out=left_out,
            kept=stream_lane.kept(lanes, second),
            same_until=same_until(first, workers, now),
        )

    def _first_questions(self, known: Identity | None) -> dict[str, Command]:
        questions = common_questions(self._queue, identified=known is not None)
        for lane in self._queue.lanes:
            questions[f"length {lane}"] = ("XLEN", lane)
            questions[f"groups {lane}"] = ("XINFO", "GROUPS", lane)
        questions["dead letters"] = ("XLEN", self._queue.dead_letters)
        return questions

    async def _second(self, lanes: Sequence[Lane], workers: Records, first: Answers, now: float) -> Answers:
        """Asks for the oldest waiting entries, for what the broker could not count, for what is due, and for the jobs
        of each consumer where a worker says that it has none left.
        """
        questions = due_questions(self._queue, first, now)
        proving = any(record.state is State.DRAINED for record in workers.fresh.values())
        for lane in lanes:
            if proving and lane.grouped:
                questions[f"consumers {lane.key}"] = ("XINFO", "CONSUMERS", lane.key, self._queue.group)
            if lane.may_wait:
                start, count = stream_lane.after(lane.last_delivered), COUNTED if lane.uncounted else 1
                questions[f"next {lane.key}"] = ("XRANGE", lane.key, start, "+", "COUNT", count)
            if lane.uncounted:
                questions[f"stream {lane.key}"] = ("XINFO", "STREAM", lane.key)
        return await ask(self._link, questions)


def _oldest(lanes: Sequence[Lane], second: Answers, now: float) -> Signal[float]:
    """The time of the oldest entry nobody has taken. Ids that are no times (a producer may choose them) say nothing."""
    if any(second.refusal(f"next {lane.key}") for lane in lanes):
        return UNKNOWN_TIME
    ids = [entries[0][0] for lane in lanes if (entries := second[f"next {lane.key}"])]
    milliseconds = [stream_lane.milliseconds(entry) for entry in ids]
    times = [value / 1000 for value in milliseconds if value is not None and jobtime.plausible(value / 1000, now)]
    if len(times) == len(ids):
        return exact(min(times, default=None))
    return estimated(min(times)) if times else UNKNOWN_TIME


def _sum(signals: Iterable[Signal[int]]) -> Signal[int]:
    parts = list(signals)
    if UNKNOWN_COUNT in parts:
        return UNKNOWN_COUNT
    total = sum(part.value or 0 for part in parts)
    return exact(total) if all(part.method is Method.EXACT for part in parts) else estimated(total)


def _total(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return None if None in known else sum(count for count in known if count is not None)
