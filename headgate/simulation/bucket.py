"""The rate limit of a queue, kept as workers keep it: by a bucket of tokens at the broker, one for each job begun."""

from __future__ import annotations

from typing import Final

from reconciler.plans.facts import Rate

ROUNDING: Final = 1e-6
"""A token that is short by no more than this is whole: the wait for the rest of it could be too short to pass."""


class Bucket:
    """Full at the beginning; `burst` tokens at most, and `rate.jobs` more every `rate.seconds`."""

    def __init__(self, rate: Rate, burst: int | None = None) -> None:
        self._each = rate.seconds / rate.jobs
        self._most = float(rate.jobs if burst is None else burst)
        self._tokens, self._at = self._most, 0.0

    def opens(self, now: float) -> float:
        """When the next job may begin; `now`, if one may."""
        missing = 1.0 - self._held(now)
        return now if missing <= ROUNDING else now + missing * self._each

    def take(self, now: float) -> None:
        self._tokens, self._at = self._held(now) - 1.0, now

    def _held(self, now: float) -> float:
        return min(self._most, self._tokens + (now - self._at) / self._each)
