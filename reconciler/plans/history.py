"""What earlier decisions of one pool leave for the next. It lives in memory, and losing it only delays shrinking."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.plans import damping


@dataclass(frozen=True, slots=True)
class History:
    window: damping.Window


def seeded(clock: float, current: int) -> History:
    """The history of somebody who has just begun to look: all that is known is what is there."""
    return History(damping.seeded(clock, current))
