"""Rates as the API writes them, `{jobs: 300, per: 1m}`, compared exactly whatever their periods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from crds import duration


@dataclass(frozen=True, slots=True)
class Rate:
    """So many jobs in a period; `milliseconds` is the length of `per`."""

    jobs: int
    per: str
    milliseconds: int

    @classmethod
    def of(cls, jobs: int, per: str) -> Self | None:
        """None where the period is none the API accepts."""
        try:
            milliseconds = duration.milliseconds(per)
        except ValueError:
            return None
        return cls(jobs, per, milliseconds) if milliseconds > 0 else None

    def exceeds(self, limit: Rate) -> bool:
        return self.jobs * limit.milliseconds > limit.jobs * self.milliseconds

    @property
    def per_second(self) -> float:
        return self.jobs * 1000 / self.milliseconds

    def __str__(self) -> str:
        return f"{self.jobs} per {self.per}"


def slowest(rates: Iterable[Rate]) -> Rate:
    return min(rates, key=lambda rate: Fraction(rate.jobs, rate.milliseconds))
