"""What is known of one queue at this moment: the last good reading, how far to believe it, and what went wrong since.

One is made from the one before, so everything that needs memory (doubt after a failover, failures in a row) is in it
and nowhere else. After a restart the first one knows nothing, which is never more than the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from reconciler.brokers.errors import BrokerError
from reconciler.brokers.failover import Doubt, doubt_after
from reconciler.brokers.observation import Observation

SHOWN_AFTER: Final = 2
"""A failure that may pass by itself is shown when it happens twice in a row: one lost packet is no news."""


@dataclass(frozen=True, slots=True)
class Sight:
    """`read_at` and `failing_since` are seconds of the process's steady clock."""

    observation: Observation | None = None
    read_at: float | None = None
    doubt: Doubt | None = None
    error: BrokerError | None = None
    failures: int = 0
    failing_since: float | None = None

    @property
    def readable(self) -> Observation | None:
        """The last reading, unless it has failed since."""
        return self.observation if self.error is None else None

    @property
    def trouble(self) -> BrokerError | None:
        """The error to show to people."""
        lasting = self.error is not None and (not self.error.passes or self.failures >= SHOWN_AFTER)
        return self.error if lasting else None


def seen(before: Sight | None, observation: Observation, now: float) -> Sight:
    """The sight after a reading."""
    before = before or Sight()
    return Sight(
        observation=observation,
        read_at=now,
        doubt=doubt_after(before.doubt, before.observation, observation, now),
    )


def failed(before: Sight | None, error: BrokerError, now: float) -> Sight:
    """The sight after a reading that failed."""
    before = before or Sight()
    since = now if before.failing_since is None else before.failing_since
    return replace(before, error=error, failures=before.failures + 1, failing_since=since)


def moved(before: Sight | None, after: Sight) -> bool:
    """Whether pools that decide on this queue should look again."""
    return before is None or _matters(before) != _matters(after)


def _matters(sight: Sight) -> tuple[object, ...]:
    seen = sight.readable
    if seen is None:
        return (sight.error is not None,)
    return (seen.waiting.value, seen.running.value, seen.due.value, sight.doubt is None)
