"""A failure that is a moment old is answered with again, so that a thousand queues behind one dead broker wait for it
together and not one after the other.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.brokers.errors import BrokerError


class RecentFailure:
    """The last failure of one server, for `seconds` by the steady `clock`."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._last: tuple[float, BrokerError] | None = None

    def keep(self, error: BrokerError) -> None:
        self._last = (self._clock(), error)

    def check(self) -> None:
        """Raises it while it is recent."""
        if self._last is None:
            return
        failed_at, error = self._last
        if self._clock() - failed_at < self._seconds:
            raise error.again()
        self._last = None
