"""An observer for any library: asks what its layout wants to know, in two round trips, and puts it together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from reconciler.brokers import jobtime
from reconciler.brokers.observation import UNKNOWN_COUNT, UNKNOWN_TIME, Observation, Signal, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.records import parse_all
from reconciler.brokers.redis_queue import (
    Answers,
    Asks,
    RedisQueue,
    ask,
    identify,
    identity_questions,
    record_questions,
    records_of,
    time_of,
)

SAMPLE: Final = 500
"""So many entries of a key that all queues share are looked at."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a layout makes of the answers; see `Observation` for the meaning of the fields."""

    waiting: Signal[int] = UNKNOWN_COUNT
    running: Signal[int] = UNKNOWN_COUNT
    scheduled: Signal[int] = UNKNOWN_COUNT
    due: Signal[int] = UNKNOWN_COUNT
    dead_letters: Signal[int] = UNKNOWN_COUNT
    oldest_enqueued: Signal[float] = UNKNOWN_TIME
    enqueued: int | None = None
    finished: int | None = None


class Layout(Protocol):
    def first(self) -> dict[str, Command]:
        """What can be asked at once."""
        ...

    def second(self, first: Answers, now: float) -> dict[str, Command]:
        """What has to be asked because of the first answers; empty for nothing."""
        ...

    def read(self, first: Answers, second: Answers, now: float) -> Reading:
        """Raises what the broker refused a necessary command with."""
        ...


class LibraryObserver:
    """Observes one queue. `clock` (seconds since the epoch) stands in where the broker does not tell its own time."""

    def __init__(self, link: Asks, queue: RedisQueue, layout: Layout, clock: Callable[[], float]) -> None:
        self._link = link
        self._queue = queue
        self._layout = layout
        self._clock = clock

    async def observe(self) -> Observation:
        known = self._link.identity
        questions = (
            identity_questions(identified=known is not None) | record_questions(self._queue) | self._layout.first()
        )
        first = await ask(self._link, questions)
        now = time_of(first, self._clock)
        second = await ask(self._link, self._layout.second(first, now))
        reading = self._layout.read(first, second, now)
        raw, left_out = records_of(first)
        return Observation(
            time=now,
            waiting=reading.waiting,
            running=reading.running,
            scheduled=reading.scheduled,
            due=reading.due,
            dead_letters=reading.dead_letters,
            oldest_enqueued=reading.oldest_enqueued,
            enqueued=reading.enqueued,
            finished=reading.finished,
            due_seconds=self._queue.due_seconds,
            refused=first.refused or second.refused,
            identity=known or identify(self._link, first),
            workers=parse_all(raw, now),
            records=raw,
            records_left_out=left_out,
        )


def told_by(answers: Answers, name: str, now: float) -> Signal[float]:
    """When the job that was asked for by this name was enqueued, by its own word; it is None where none waits."""
    job = answers[name]
    if answers.refusal(name):
        return UNKNOWN_TIME
    if job is None:
        return exact(None)
    seconds = jobtime.enqueued_at(job, now) if isinstance(job, bytes) else None
    return UNKNOWN_TIME if seconds is None else exact(seconds)


def in_units(value: object, unit: float, now: float) -> Signal[float]:
    """A time that is kept as a number of `unit`s of a second."""
    try:
        seconds = float(value) / unit if isinstance(value, bytes | int) else None
    except ValueError:
        return UNKNOWN_TIME
    return exact(seconds) if seconds is not None and jobtime.plausible(seconds, now) else UNKNOWN_TIME


def items(reply: object) -> list[bytes]:
    """The values of an answer that is a list; nothing of any other."""
    return [item for item in reply if isinstance(item, bytes)] if isinstance(reply, list) else []


def number(reply: object) -> int | None:
    """A counter kept as a string."""
    return int(reply) if isinstance(reply, bytes) and reply.isdigit() else None
