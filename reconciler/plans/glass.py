"""What to do about the break-glass annotation of one object, whenever it is looked at. Pure.

The API server knows no time: as long as the annotation stands, the native policies let a pod be deleted, and ask
whoever edits the object for the verb. So what is over is taken off. A tool that writes it again, as one that follows
Git may, is not fought over a Queue or a WorkerPool: there it only asks people for a right. On a pod it opens the guard,
and is taken off each time, at most once a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from policies import break_glass

PATIENCE_SECONDS: Final = 60.0
"""How soon the annotation of one object is taken off again, or tried to be."""


class Step(StrEnum):
    REST = "Rest"
    """Nothing new."""
    ANNOUNCE = "Announce"
    TAKE_OFF = "TakeOff"
    LEAVE = "Leave"
    """It was taken off before, and somebody keeps writing it."""


class Plan(NamedTuple):
    """`after` is in how many seconds to look again, None where only a change of the object matters."""

    step: Step
    after: float | None = None


@dataclass(slots=True)
class Known:
    """What was done about it before, by the words of the annotation; `tried_at` is by the steady clock."""

    announced: str = ""
    taken_off: str = ""
    left: str = ""
    tried_at: float = float("-inf")


def plan(obj: Mapping[str, Any], known: Known, now: datetime, monotonic: float, *, guards: bool) -> Plan:
    """`guards` says that the annotation opens the delete guard, as a pod's does."""
    written, leaving = break_glass.annotation(obj), "deletionTimestamp" in obj["metadata"]
    if not written:
        return Plan(Step.REST)
    # What is leaving may leave by it, also where its time was wrong.
    if leaving or not break_glass.fault(obj, now):
        return _announced(obj, written, known, now)
    if known.taken_off == written and not guards:
        return Plan(Step.REST if known.left == written else Step.LEAVE)
    wait = known.tried_at + PATIENCE_SECONDS - monotonic
    return Plan(Step.REST, wait) if wait > 0 else Plan(Step.TAKE_OFF, PATIENCE_SECONDS)


def _announced(obj: Mapping[str, Any], written: str, known: Known, now: datetime) -> Plan:
    glass = break_glass.read(obj)
    left = None if glass is None else (glass.until - now).total_seconds()
    return Plan(Step.REST if known.announced == written else Step.ANNOUNCE, left if left and left > 0 else None)
