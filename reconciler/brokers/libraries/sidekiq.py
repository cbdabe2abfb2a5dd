"""Sidekiq: a list for each queue; processes tell in a hash each what they run. Read from Sidekiq 8.1.

The sets of scheduled, retried and dead jobs belong to the application: what of them is this queue's is counted in the
first 500 of each, and scaled up beyond. A process that died tells for a minute more what it ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from reconciler.brokers.library import SAMPLE, Reading, items, told_by
from reconciler.brokers.observation import UNKNOWN_COUNT, Method, Signal, estimated, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import Answers, RedisQueue

_LATER: Final = ("schedule", "retry")


@dataclass(frozen=True, slots=True)
class Sidekiq:
    queue: RedisQueue

    def _key(self, name: str) -> str:
        return self.queue.key_prefix + name

    def first(self) -> dict[str, Command]:
        waiting = self._key(f"queue:{self.queue.name}")
        return {
            "waiting": ("LLEN", waiting),
            "oldest": ("LINDEX", waiting, -1),
            "processes": ("SMEMBERS", self._key("processes")),
            **{f"count {name}": ("ZCARD", self._key(name)) for name in (*_LATER, "dead")},
            **{f"some {name}": ("ZRANGE", self._key(name), 0, SAMPLE - 1) for name in (*_LATER, "dead")},
        }

    def second(self, first: Answers, now: float) -> dict[str, Command]:
        due = f"{now + self.queue.due_seconds:.3f}"
        return {
            **{f"due {name}": ("ZRANGEBYSCORE", self._key(name), "-inf", due, "LIMIT", 0, SAMPLE) for name in _LATER},
            **{
                f"work {process.decode(errors='replace')}": (
                    "HVALS",
                    self.queue.key_prefix.encode() + process + b":work",
                )
                for process in items(first["processes"])[:SAMPLE]
            },
        }

    def read(self, first: Answers, second: Answers, now: float) -> Reading:
        return Reading(
            waiting=exact(first.required("waiting")),
            running=self._running(first, second),
            scheduled=_sum([self._part(first, name) for name in _LATER]),
            due=_sum([self._counted(second[f"due {name}"]) for name in _LATER]),
            dead_letters=self._part(first, "dead"),
            oldest_enqueued=told_by(first, "oldest", now),
        )

    def _running(self, first: Answers, second: Answers) -> Signal[int]:
        if first["processes"] is None:
            return UNKNOWN_COUNT
        processes = items(first["processes"])
        works = [second[f"work {process.decode(errors='replace')}"] for process in processes[:SAMPLE]]
        if None in works:
            return UNKNOWN_COUNT
        running = sum(self._mine(items(work)) for work in works)
        return exact(running) if len(processes) <= SAMPLE else estimated(running * len(processes) // SAMPLE)

    def _part(self, first: Answers, name: str) -> Signal[int]:
        count, some = first.count(f"count {name}").value, items(first[f"some {name}"])
        if count is None or (count and not some):
            return UNKNOWN_COUNT
        mine = self._mine(some)
        return exact(mine) if count <= len(some) else estimated(mine * count // len(some))

    def _counted(self, reply: object) -> Signal[int]:
        """How many of these jobs are this queue's, of which no more than a sample was asked for."""
        if reply is None:
            return UNKNOWN_COUNT
        jobs = items(reply)
        return exact(self._mine(jobs)) if len(jobs) < SAMPLE else estimated(self._mine(jobs))

    def _mine(self, jobs: Sequence[bytes]) -> int:
        return sum(_queue_of(job) == self.queue.name for job in jobs)


def _queue_of(job: bytes) -> str:
    try:
        fields = orjson.loads(job)
    except orjson.JSONDecodeError:
        return ""
    return str(fields.get("queue", "")) if isinstance(fields, dict) else ""


def _sum(signals: Sequence[Signal[int]]) -> Signal[int]:
    if any(signal.value is None for signal in signals):
        return UNKNOWN_COUNT
    total = sum(signal.value or 0 for signal in signals)
    return exact(total) if all(signal.method is Method.EXACT for signal in signals) else estimated(total)
