"""RQ: `rq:queue:q` holds ids, the oldest first; `rq:wip:q` what is executed. Tried with RQ 3.0.

Ids on their way from one to the other lie in `rq:queue:q:intermediate` and count as running. Deferred jobs wait for
other jobs and not for a worker. RQ counts nothing, so rates come from workers that keep records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.brokers import jobtime
from reconciler.brokers.library import Reading
from reconciler.brokers.observation import UNKNOWN_COUNT, UNKNOWN_TIME, Signal, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import Answers, RedisQueue

PREFIX: Final = "rq:"


@dataclass(frozen=True, slots=True)
class RQ:
    queue: RedisQueue

    @property
    def _prefix(self) -> str:
        return self.queue.key_prefix or PREFIX

    def _key(self, kind: str) -> str:
        return f"{self._prefix}{kind}:{self.queue.name}"

    def first(self) -> dict[str, Command]:
        return {
            "waiting": ("LLEN", self._key("queue")),
            "oldest": ("LINDEX", self._key("queue"), 0),
            "moving": ("LLEN", f"{self._key('queue')}:intermediate"),
            "running": ("ZCARD", self._key("wip")),
            "scheduled": ("ZCARD", self._key("scheduled")),
            "dead": ("ZCARD", self._key("failed")),
        }

    def second(self, first: Answers, now: float) -> dict[str, Command]:
        due = f"{now + self.queue.due_seconds:.3f}"
        questions: dict[str, Command] = {"due": ("ZCOUNT", self._key("scheduled"), "-inf", due)}
        oldest = first["oldest"]
        if isinstance(oldest, bytes):
            questions["enqueued"] = ("HGET", f"{self._prefix}job:{oldest.decode(errors='replace')}", "enqueued_at")
        return questions

    def read(self, first: Answers, second: Answers, now: float) -> Reading:
        return Reading(
            waiting=exact(first.required("waiting")),
            running=_running(first),
            scheduled=first.count("scheduled"),
            due=second.count("due"),
            dead_letters=first.count("dead"),
            oldest_enqueued=_time(first, second["enqueued"], now),
        )


def _running(first: Answers) -> Signal[int]:
    executed, moving = first.required("running"), first.count("moving").value
    return UNKNOWN_COUNT if moving is None else exact(executed + moving)


def _time(first: Answers, text: object, now: float) -> Signal[float]:
    if first["oldest"] is None:
        return UNKNOWN_TIME if first.refusal("oldest") else exact(None)
    seconds = jobtime.of_text(text.decode(errors="replace"), now) if isinstance(text, bytes) else None
    return UNKNOWN_TIME if seconds is None else exact(seconds)
