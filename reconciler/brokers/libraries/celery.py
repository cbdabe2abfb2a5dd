"""Celery on Redis (kombu): a list for each queue and priority step; what workers fetched, in one hash of the database.

`unacked` holds the messages of all queues, prefetched ones and those with an ETA included, so what runs is an estimate:
those of the first 500 that are for this queue and not due later, scaled up beyond. A message says nothing of when it
was sent, unless the application adds it (`headers` or `properties.published_at`); Celery counts nothing and keeps no
dead letters. Tried with Celery 5.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from reconciler.brokers import jobtime
from reconciler.brokers.library import SAMPLE, Reading, items, told_by
from reconciler.brokers.observation import UNKNOWN_COUNT, UNKNOWN_TIME, Signal, estimated, exact
from reconciler.brokers.questions import Command
from reconciler.brokers.redis_queue import Answers, RedisQueue

STEPS: Final = ("", "\x06\x163", "\x06\x166", "\x06\x169")
"""The suffixes of the lists that kombu keeps for priorities 0, 3, 6 and 9, highest first."""


@dataclass(frozen=True, slots=True)
class Celery:
    queue: RedisQueue

    @property
    def _lanes(self) -> list[str]:
        return [self.queue.base + step for step in STEPS]

    def first(self) -> dict[str, Command]:
        questions: dict[str, Command] = {}
        for lane in self._lanes:
            questions[f"waiting {lane}"] = ("LLEN", lane)
            questions[f"oldest {lane}"] = ("LINDEX", lane, -1)
        return questions | {"fetched": ("HLEN", f"{self.queue.key_prefix}unacked")}

    def second(self, first: Answers, now: float) -> dict[str, Command]:
        if not first.count("fetched").value:
            return {}
        return {"some": ("HSCAN", f"{self.queue.key_prefix}unacked", "0", "COUNT", SAMPLE)}

    def read(self, first: Answers, second: Answers, now: float) -> Reading:
        fetched = first.count("fetched").value
        messages = _messages(second["some"])
        mine = [message for message in messages if message.routing_key == self.queue.name]
        later = [message.eta for message in mine if message.eta is not None and message.eta > now]
        return Reading(
            waiting=exact(sum(first.required(f"waiting {lane}") for lane in self._lanes)),
            running=_scaled(len(mine) - len(later), len(messages), fetched),
            scheduled=_scaled(len(later), len(messages), fetched),
            due=_scaled(sum(eta <= now + self.queue.due_seconds for eta in later), len(messages), fetched),
            oldest_enqueued=self._oldest(first, now),
        )

    def _oldest(self, first: Answers, now: float) -> Signal[float]:
        times = [told_by(first, f"oldest {lane}", now) for lane in self._lanes]
        if UNKNOWN_TIME in times:
            return UNKNOWN_TIME
        return exact(min((time.value for time in times if time.value is not None), default=None))


@dataclass(frozen=True, slots=True)
class _Message:
    routing_key: str = ""
    eta: float | None = None


def _messages(reply: object) -> list[_Message]:
    """The messages of an HSCAN of `unacked`: fields are delivery tags, values [message, exchange, routing key]."""
    if not isinstance(reply, list) or len(reply) != 2:
        return []
    return [_message(value) for value in items(reply[1])[1::2]]


def _message(value: bytes) -> _Message:
    try:
        message, _, routing_key = orjson.loads(value)
        headers: dict[str, Any] = (message.get("headers") or {}) if isinstance(message, dict) else {}
    except (orjson.JSONDecodeError, ValueError, TypeError):
        return _Message()
    eta = headers.get("eta")
    return _Message(str(routing_key), jobtime.moment(eta) if isinstance(eta, str) else None)


def _scaled(count: int, looked_at: int, all_: int | None) -> Signal[int]:
    if all_ is None or (all_ and not looked_at):
        return UNKNOWN_COUNT
    return estimated(count if looked_at >= (all_ or 0) else count * all_ // looked_at)
