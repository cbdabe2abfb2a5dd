"""How long to wait before the next try: exponential, bounded, jittered. Pure; randomness is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds. `jitter` 0.2 spreads each evenly over ±20 %, so that many clients do not march in step."""

    initial: float = 0.5
    maximum: float = 30.0
    factor: float = 2.0
    jitter: float = 0.2

    def delay(self, attempt: int, rng: Random) -> float:
        """The delay after the `attempt`-th failure in a row, counted from 1."""
        # The exponent is bounded first: 2.0 ** 2000 overflows, and a broken server is retried that often in a day.
        plain = min(self.maximum, self.initial * self.factor ** min(max(attempt, 1) - 1, 64))
        return plain * (1 + self.jitter * rng.uniform(-1, 1))
