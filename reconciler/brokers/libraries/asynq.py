"""Asynq: lists `asynq:{q}:pending` and `asynq:{q}:active` hold ids. Tried with Asynq 0.26.

`asynq:{q}:processed` counts every end of a run, so completions are exact. Tasks of groups wait to be aggregated and not
for a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.brokers.library import Reading, in_units, number
from reconciler.brokers.observation import UNKNOWN_COUNT, UNKNOWN_TIME, Signal, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import Answers, RedisQueue

PREFIX: Final = "asynq:"
_LATER: Final = ("scheduled", "retry")


@dataclass(frozen=True, slots=True)
class Asynq:
    queue: RedisQueue

    def _key(self, kind: str) -> str:
        return f"{self.queue.key_prefix or PREFIX}{{{self.queue.name}}}:{kind}"

    def first(self) -> dict[str, Command]:
        return {
            "waiting": ("LLEN", self._key("pending")),
            "oldest": ("LINDEX", self._key("pending"), -1),
            "running": ("LLEN", self._key("active")),
            **{later: ("ZCARD", self._key(later)) for later in _LATER},
            "dead": ("ZCARD", self._key("archived")),
            "processed": ("GET", self._key("processed")),
        }

    def second(self, first: Answers, now: float) -> dict[str, Command]:
        due = f"{now + self.queue.due_seconds:.3f}"
        questions: dict[str, Command] = {f"due {later}": ("ZCOUNT", self._key(later), "-inf", due) for later in _LATER}
        oldest = first["oldest"]
        if isinstance(oldest, bytes):
            questions["enqueued"] = ("HGET", self._key(f"t:{oldest.decode(errors='replace')}"), "pending_since")
        return questions

    def read(self, first: Answers, second: Answers, now: float) -> Reading:
        return Reading(
            waiting=exact(first.required("waiting")),
            running=exact(first.required("running")),
            scheduled=_sum(first, *_LATER),
            due=_sum(second, *(f"due {later}" for later in _LATER)),
            dead_letters=first.count("dead"),
            oldest_enqueued=_oldest(first, second, now),
            finished=number(first["processed"]),
        )


def _oldest(first: Answers, second: Answers, now: float) -> Signal[float]:
    if first["oldest"] is None:
        return UNKNOWN_TIME if first.refusal("oldest") else exact(None)
    return in_units(second["enqueued"], 1e9, now)


def _sum(answers: Answers, *names: str) -> Signal[int]:
    counts = [answers.count(name).value for name in names]
    return UNKNOWN_COUNT if None in counts else exact(sum(count for count in counts if count is not None))
