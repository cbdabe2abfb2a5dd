"""BullMQ: `bull:q:wait` and `bull:q:prioritized` hold ids, `bull:q:active` what runs. Tried with BullMQ 6.7.

`bull:q:id` counts every job that was ever added, so arrivals are exact; what ended follows from them. Delayed jobs are
scored by their due time in milliseconds times 4096.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.brokers.library import Reading, in_units, number
from reconciler.brokers.observation import UNKNOWN_COUNT, UNKNOWN_TIME, Signal, estimated, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import Answers, RedisQueue

PREFIX: Final = "bull:"
_SCORE: Final = 4096
_MARKER: Final = b"0:"
"""Older versions put markers among the ids."""


@dataclass(frozen=True, slots=True)
class BullMQ:
    queue: RedisQueue

    def _key(self, kind: str) -> str:
        return f"{self.queue.key_prefix or PREFIX}{self.queue.name}:{kind}"

    def first(self) -> dict[str, Command]:
        return {
            "waiting": ("LLEN", self._key("wait")),
            "oldest": ("LINDEX", self._key("wait"), -1),
            "prioritized": ("ZCARD", self._key("prioritized")),
            "running": ("LLEN", self._key("active")),
            "scheduled": ("ZCARD", self._key("delayed")),
            "dead": ("ZCARD", self._key("failed")),
            "added": ("GET", self._key("id")),
        }

    def second(self, first: Answers, now: float) -> dict[str, Command]:
        due = round((now + self.queue.due_seconds) * 1000) * _SCORE
        questions: dict[str, Command] = {"due": ("ZCOUNT", self._key("delayed"), "-inf", due)}
        oldest = first["oldest"]
        if isinstance(oldest, bytes) and not oldest.startswith(_MARKER):
            questions["enqueued"] = ("HGET", self._key(oldest.decode(errors="replace")), "timestamp")
        return questions

    def read(self, first: Answers, second: Answers, now: float) -> Reading:
        waiting, running, delayed = _waiting(first), first.required("running"), first.count("scheduled")
        added = number(first["added"])
        known = None if waiting.value is None or delayed.value is None else waiting.value + running + delayed.value
        return Reading(
            waiting=waiting,
            running=exact(running),
            scheduled=delayed,
            due=second.count("due"),
            dead_letters=first.count("dead"),
            oldest_enqueued=_oldest(first, second["enqueued"], now),
            enqueued=added,
            finished=None if added is None or known is None else max(0, added - known),
        )


def _waiting(first: Answers) -> Signal[int]:
    plain, prioritized = first.required("waiting"), first.count("prioritized").value
    return UNKNOWN_COUNT if prioritized is None else exact(plain + prioritized)


def _oldest(first: Answers, timestamp: object, now: float) -> Signal[float]:
    """The oldest by priority are not told, so beside them the plain list's oldest is an estimate."""
    prioritized = first.count("prioritized").value
    if first["oldest"] is None and prioritized == 0:
        return UNKNOWN_TIME if first.refusal("oldest") else exact(None)
    found = in_units(timestamp, 1000, now)
    return found if found.value is None or not prioritized else estimated(found.value)
