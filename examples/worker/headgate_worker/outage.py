"""Says once that a broker can't be used, and once that it can again, however often it is tried in between."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from random import random

from redis.exceptions import RedisError

from .backoff import reconnecting

log = logging.getLogger("headgate.worker")

BROKER_ERRORS = (RedisError, OSError, TimeoutError)
"""What a broker that is away, refuses us or holds a key of the wrong type makes redis-py raise."""


class Outage:
    """The health of one kind of use of one broker."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._waits: Iterator[float] | None = None
        self._said = ""

    def failed(self, error: BaseException) -> float:
        """Notes a failure; seconds to wait before the next try."""
        text = f"{type(error).__name__}: {error}"[:300]
        if text != self._said:
            log.warning("%s: %s", self._what, text)
            self._said = text
        self._waits = self._waits or reconnecting(random)
        return next(self._waits)

    def over(self) -> None:
        if self._waits is not None:
            log.info("%s: works again", self._what)
        self._waits, self._said = None, ""
