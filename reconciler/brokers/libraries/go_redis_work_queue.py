"""go-redis-work-queue: a list for each priority, a processing list for each busy worker, lists of what ended.

Workers are found by their processing lists, which are there only while they hold a job: one step of a scan over the
database, which is complete in the databases that this library is given for itself. `jobqueue:completed` only grows, so
completions are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.brokers.library import SAMPLE, Reading, items, told_by
from reconciler.brokers.observation import UNKNOWN_COUNT, UNKNOWN_TIME, Signal, estimated, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import Answers, RedisQueue

PREFIX: Final = "jobqueue:"
PRIORITIES: Final = ("high", "low")
_SCAN: Final = 5000


@dataclass(frozen=True, slots=True)
class GoRedisWorkQueue:
    queue: RedisQueue

    @property
    def _prefix(self) -> str:
        return self.queue.key_prefix or PREFIX

    @property
    def _lanes(self) -> list[str]:
        return [f"{self._prefix}{priority}_priority" for priority in self.queue.priorities or PRIORITIES]

    def first(self) -> dict[str, Command]:
        questions: dict[str, Command] = {}
        for lane in self._lanes:
            questions[f"waiting {lane}"] = ("LLEN", lane)
            questions[f"oldest {lane}"] = ("LINDEX", lane, -1)
        return questions | {
            "busy": ("SCAN", "0", "MATCH", f"{self._prefix}worker:*:processing", "COUNT", _SCAN),
            "completed": ("LLEN", f"{self._prefix}completed"),
            "dead": ("LLEN", f"{self._prefix}{self.queue.dead_letter or 'dead_letter'}"),
        }

    def second(self, first: Answers, now: float) -> dict[str, Command]:
        keys = _busy(first)[:SAMPLE]
        return {f"running {number}": ("LLEN", key) for number, key in enumerate(keys)}

    def read(self, first: Answers, second: Answers, now: float) -> Reading:
        ended = [first.count(name).value for name in ("completed", "dead")]
        return Reading(
            waiting=exact(sum(first.required(f"waiting {lane}") for lane in self._lanes)),
            running=self._running(first, second),
            scheduled=exact(0),
            due=exact(0),
            dead_letters=first.count("dead"),
            oldest_enqueued=self._oldest(first, now),
            finished=None if None in ended else sum(count for count in ended if count is not None),
        )

    def _running(self, first: Answers, second: Answers) -> Signal[int]:
        if first["busy"] is None:
            return UNKNOWN_COUNT
        keys = _busy(first)
        counts = [second.count(f"running {number}").value for number in range(min(len(keys), SAMPLE))]
        if None in counts:
            return UNKNOWN_COUNT
        held = sum(count for count in counts if count is not None)
        complete = first["busy"][0] == b"0" and len(keys) <= SAMPLE
        return exact(held) if complete else estimated(held + max(0, len(keys) - SAMPLE))

    def _oldest(self, first: Answers, now: float) -> Signal[float]:
        times = [told_by(first, f"oldest {lane}", now) for lane in self._lanes]
        if UNKNOWN_TIME in times:
            return UNKNOWN_TIME
        return exact(min((time.value for time in times if time.value is not None), default=None))


def _busy(first: Answers) -> list[bytes]:
    reply = first["busy"]
    return items(reply[1]) if isinstance(reply, list) and len(reply) == 2 else []
