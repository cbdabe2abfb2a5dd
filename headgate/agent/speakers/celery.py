"""Celery: asked over its control channel what it consumes, reserves and runs. Tried with Celery 5.7.

`cancel_consumer` has a worker take nothing new; what it has prefetched it still runs, so that counts as held. A task
with an ETA waits in the worker's memory for as long as that takes, and goes back to its queue when the worker ends: one
that is due later than a removal takes holds nobody up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from headgate.agent.plan import Look, Process
from headgate.agent.speakers.pidbox import Pidbox, Request

SOON_SECONDS: Final = 120.0
"""A removal that has been decided takes seconds; a task due by then may run, so it is waited for."""
GLANCE_SECONDS: Final = 5.0
"""How often a worker is asked that need not drain: every question goes to every worker of the application."""
CLOSELY: Final[Sequence[Request]] = tuple(
    (name, {}) for name in ("active", "reserved", "scheduled", "active_queues", "stats")
)


class Celery:
    """One worker. `queues` are those to consume from again where this agent has not seen which it cancelled."""

    def __init__(
        self, pidbox: Pidbox, node: str, queues: Iterable[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pidbox = pidbox
        self._node = node
        self._queues = list(queues)
        self._clock = clock
        self._glanced: tuple[float, Look] = (float("-inf"), {})
        self._busy = 0.0
        self._at: float | None = None

    def look(self, *, asked: bool) -> Look:
        """Between two glances the last one stands, with the age it has."""
        now = self._clock()
        if not asked and now - self._glanced[0] < GLANCE_SECONDS:
            return self._glanced[1]
        answers = self._pidbox.ask(self._node, *CLOSELY)
        if answers is None:
            self._glanced = (float("-inf"), {})
            return {}
        active, reserved, scheduled, queues, stats = answers
        if not all(isinstance(answer, list) for answer in (active, reserved, scheduled, queues)):
            return {}
        self._spend(now, len(active))
        total = stats.get("total") if isinstance(stats, dict) else None
        process = Process(
            quiet=not queues,
            running=len(active),
            held=len(reserved) + sum(_is_soon(one) for one in scheduled),
            completed=max(0, sum((total or {}).values()) - len(active)),
            seconds=self._busy,
            beat="" if asked else f"{now}",
        )
        self._remember(queues)
        self._glanced = (now, {self._node: process})
        return self._glanced[1]

    def quiet(self) -> None:
        self._pidbox.ask(self._node, *(("cancel_consumer", {"queue": queue}) for queue in self._queues))

    def wake(self) -> None:
        self._pidbox.ask(self._node, *(("add_consumer", {"queue": queue}) for queue in self._queues))
        self._glanced = (float("-inf"), {})

    def close(self) -> None:
        self._pidbox.close()

    def _remember(self, queues: Sequence[Any]) -> None:
        consumed = [str(queue["name"]) for queue in queues if isinstance(queue, dict) and "name" in queue]
        self._queues = consumed or self._queues

    def _spend(self, now: float, running: int) -> None:
        """The time spent running, by what runs at each look."""
        if self._at is not None:
            self._busy += running * (now - self._at)
        self._at = now


def _is_soon(scheduled: Any) -> bool:
    """Whether a task with an ETA may start before its worker is gone; unknown is soon."""
    try:
        eta = datetime.fromisoformat(scheduled["eta"])
    except (KeyError, TypeError, ValueError):
        return True
    aware = eta if eta.tzinfo else eta.replace(tzinfo=UTC)
    return (aware - datetime.now(UTC)).total_seconds() < SOON_SECONDS
