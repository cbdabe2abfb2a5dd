"""How long jobs waited, as workers count them: by buckets, of which each ends a quarter later than the one before.

Bucket 0 ends at 50 ms. Numbers of jobs by bucket only grow, so what came between two readings is a difference; a
percentile read from them is right to an eighth. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

FIRST_SECONDS: Final = 0.05
RATIO: Final = 1.25
BUCKETS: Final = 64
"""The last one ends after eighteen hours."""
PART_SECONDS: Final = 30.0
KEPT_SECONDS: Final = 120.0

Counts: TypeAlias = Mapping[int, int]
NONE: Final[Counts] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Waited:
    """What was counted lately, in parts of half a minute by the second at which each began."""

    parts: tuple[tuple[float, Counts], ...] = ()

    def stepped(self, at: float, counted: Counts) -> Waited:
        parts = tuple(part for part in self.parts if at - part[0] < KEPT_SECONDS + PART_SECONDS)
        if parts and at - parts[-1][0] < PART_SECONDS:
            if not counted:
                return self if parts == self.parts else Waited(parts)
            return Waited((*parts[:-1], (parts[-1][0], added(parts[-1][1], counted))))
        return Waited((*parts, (at, counted)))

    def percentile(self, percent: int) -> float | None:
        """The wait in seconds that `percent` of 100 jobs did not exceed; None where none started."""
        return percentile(self.total, percent)

    @property
    def total(self) -> Counts:
        total: Counts = NONE
        for _, counts in self.parts:
            total = added(total, counts)
        return total


def added(one: Counts, other: Counts) -> Counts:
    if not one or not other:
        return one or other
    return {bucket: one.get(bucket, 0) + other.get(bucket, 0) for bucket in {*one, *other}}


def since(now: Counts, earlier: Counts) -> Counts:
    """The growth; a count that went back says nothing."""
    if now == earlier:
        return NONE
    grown = {bucket: number - earlier.get(bucket, 0) for bucket, number in now.items()}
    return {bucket: number for bucket, number in grown.items() if number > 0}


def percentile(counts: Counts, percent: int) -> float | None:
    """Within its bucket the wait is taken to lie evenly."""
    rank = sum(counts.values()) * percent / 100
    for bucket in sorted(counts):
        number = counts[bucket]
        if 0 < rank <= number:
            low, high = _ends(bucket)
            return low + (high - low) * rank / number
        rank -= number
    return None


def weighted(counts: Counts) -> list[tuple[float, int]]:
    """How many waited how long: as long as the middle of their bucket."""
    return [(sum(_ends(bucket)) / 2, number) for bucket, number in counts.items()]


def _ends(bucket: int) -> tuple[float, float]:
    high = FIRST_SECONDS * RATIO**bucket
    return (0.0 if bucket == 0 else high / RATIO), high
