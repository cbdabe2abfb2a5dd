"""The Stream layout: one consumer group over one stream, or one for each priority.

The group's `lag` is what waits and its pending entries are what runs. Redis before 7 has no lag, and a newer one
loses count after some deletions; then the entries behind the group's last one are counted, and beyond a hundred of
them estimated from the entries' ids, which are times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reconciler.brokers import jobtime
from reconciler.brokers.connect import Command
from reconciler.brokers.observation import UNKNOWN_TIME, Method, Observation, Signal, estimated, exact
from reconciler.brokers.redis_queue import (
    Answers,
    Asks,
    RedisQueue,
    ask,
    common_questions,
    due_of,
    due_questions,
    identity_of,
    records_of,
    time_of,
)

COUNTED: Final = 101
"""So many entries behind the group's last one are counted where the broker does not know its lag."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One stream, and its group's place in it. Without a group everything in it waits for one."""

    key: str
    length: int
    grouped: bool = False
    pending: int = 0
    last_delivered: str = "0-0"
    lag: int | None = None
    read: int | None = None

    @property
    def may_wait(self) -> bool:
        return self.length > 0 and self.lag != 0

    @property
    def uncounted(self) -> bool:
        return self.grouped and self.length > 0 and self.lag is None


class RedisStreamObserver:
    """Observes one queue. `clock` (seconds since the epoch) stands in where the broker does not tell its own time."""

    def __init__(self, link: Asks, queue: RedisQueue, clock: Callable[[], float]) -> None:
        self._link = link
        self._queue = queue
        self._clock = clock

    async def observe(self) -> Observation:
        first = await ask(self._link, self._first_questions())
        lanes = [_lane(first, key, self._queue.group) for key in self._queue.lanes]
        now = time_of(first, self._clock)
        second = await self._second(lanes, first, now)
        raw, left_out = records_of(first)
        return Observation(
            time=now,
            waiting=_sum(_waiting(lane, second) for lane in lanes),
            running=exact(sum(lane.pending for lane in lanes)),
            scheduled=first.count("scheduled"),
            due=due_of(first, second),
            dead_letters=first.count("dead letters"),
            oldest_enqueued=_oldest(lanes, second, now),
            enqueued=_total(None if lane.read is None or lane.lag is None else lane.read + lane.lag for lane in lanes),
            finished=_total(None if lane.read is None else lane.read - lane.pending for lane in lanes),
            identity=identity_of(first),
            records=raw,
            records_left_out=left_out,
        )

    def _first_questions(self) -> dict[str, Command]:
        questions = common_questions(self._queue)
        for lane in self._queue.lanes:
            questions[f"length {lane}"] = ("XLEN", lane)
            questions[f"groups {lane}"] = ("XINFO", "GROUPS", lane)
        questions["dead letters"] = ("XLEN", self._queue.dead_letters)
        return questions

    async def _second(self, lanes: Sequence[Lane], first: Answers, now: float) -> Answers:
        """Asks for the oldest waiting entries, for what the broker could not count, and for what is due."""
        questions = due_questions(self._queue, first, now)
        for lane in lanes:
            if lane.may_wait:
                count = COUNTED if lane.uncounted else 1
                questions[f"next {lane.key}"] = ("XRANGE", lane.key, _after(lane.last_delivered), "+", "COUNT", count)
            if lane.uncounted:
                questions[f"stream {lane.key}"] = ("XINFO", "STREAM", lane.key)
        return await ask(self._link, questions)


def _lane(answers: Answers, key: str, group: str) -> Lane:
    length = answers.required(f"length {key}")
    groups = answers[f"groups {key}"]
    if groups is None and "no such key" not in answers.refusal(f"groups {key}"):
        answers.required(f"groups {key}")
    found = next((facts for facts in map(_facts, groups or ()) if facts.get("name") == group.encode()), None)
    if found is None:
        return Lane(key, length)
    return Lane(
        key,
        length,
        grouped=True,
        pending=_int(found.get("pending")) or 0,
        last_delivered=_text(found.get("last-delivered-id")) or "0-0",
        lag=_int(found.get("lag")),
        read=_int(found.get("entries-read")),
    )


def _waiting(lane: Lane, second: Answers) -> Signal[int]:
    if not lane.grouped:
        return exact(0) if lane.length == 0 else estimated(lane.length)
    if lane.lag is not None or lane.length == 0:
        return exact(lane.lag or 0)
    counted = len(second[f"next {lane.key}"] or ())
    if counted < COUNTED:
        return exact(counted)
    return estimated(max(counted, min(lane.length, _interpolated(lane, _facts(second[f"stream {lane.key}"])))))


def _interpolated(lane: Lane, stream: Mapping[str, Any]) -> int:
    """The part of the stream behind the group's last entry, if entries came evenly; all of it when ids do not tell."""
    first, last = (
        _milliseconds((stream.get("first-entry") or (b"",))[0]),
        _milliseconds(stream.get("last-generated-id")),
    )
    delivered = _milliseconds(lane.last_delivered.encode())
    if first is None or last is None or delivered is None or last <= first:
        return lane.length
    return round(lane.length * (last - max(delivered, first)) / (last - first))


def _oldest(lanes: Sequence[Lane], second: Answers, now: float) -> Signal[float]:
    """The time of the oldest entry nobody has taken. Ids that are no times (a producer may choose them) say nothing."""
    ids = [entries[0][0] for lane in lanes if (entries := second[f"next {lane.key}"])]
    milliseconds = [_milliseconds(entry) for entry in ids]
    times = [value / 1000 for value in milliseconds if value is not None and jobtime.plausible(value / 1000, now)]
    if len(times) == len(ids):
        return exact(min(times, default=None))
    return estimated(min(times)) if times else UNKNOWN_TIME


def _sum(signals: Iterable[Signal[int]]) -> Signal[int]:
    parts = list(signals)
    total = sum(part.value or 0 for part in parts)
    return exact(total) if all(part.method is Method.EXACT for part in parts) else estimated(total)


def _total(counts: Iterable[int | None]) -> int | None:
    known = list(counts)
    return None if None in known else sum(count for count in known if count is not None)


def _after(entry: str) -> str:
    """The smallest id behind `entry`; Redis before 6.2 has no open ranges."""
    milliseconds, _, sequence = entry.partition("-")
    return f"{milliseconds}-{int(sequence or 0) + 1}"


def _facts(flat: object) -> dict[str, Any]:
    """XINFO's list of names and values as a mapping."""
    if not isinstance(flat, list) or len(flat) % 2:
        return {}
    return {_text(name): value for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _milliseconds(entry: object) -> int | None:
    head = _text(entry).partition("-")[0]
    return int(head) if head.isascii() and head.isdigit() else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""
