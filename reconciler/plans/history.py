"""What earlier decisions of one pool leave for the next. It lives in memory, and losing it only delays shrinking."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.plans import damping
from reconciler.plans.damping import Window
from reconciler.plans.growth import Trial


@dataclass(frozen=True, slots=True)
class Change:
    """The number served with rose or fell by `replicas` at `time`, by the steady clock."""

    time: float
    replicas: int


@dataclass(frozen=True, slots=True)
class History:
    """`window` is what was wanted, `changes` what was done about it, `trial` whether growing helps."""

    window: Window
    changes: tuple[Change, ...] = ()
    trial: Trial | None = None


def seeded(clock: float, current: int, changes: tuple[Change, ...] = ()) -> History:
    """The history of somebody who has just begun to look: all that is known is what is there, and what was recorded."""
    return History(damping.seeded(clock, current), changes)
