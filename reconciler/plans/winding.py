"""Whether a Queue that is being deleted may go: pure. It always may in the end."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.reasons import Reason


@dataclass(frozen=True, slots=True)
class End:
    """`drains` and `blocks` say what the spec asks for: to work off the jobs, to keep the dead letters from being lost
    from sight. Numbers are None while unknown, and unknown is not zero. `worked` is whether any pool works the queue
    off; `seconds_left` is what is left of drainTimeout.
    """

    drains: bool
    blocks: bool
    worked: bool
    seconds_left: float
    jobs: int | None
    dead: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`waits` is False when the Queue may go; `reason` is None when there is nothing to tell about it."""

    waits: bool
    reason: Reason | None = None
    message: str = ""


def verdict(end: End) -> Verdict:
    if end.drains and end.jobs != 0 and (gone := _gone_anyway(end)):
        return gone
    if end.drains and end.jobs is None:
        return Verdict(True, Reason.QUEUE_UNREADABLE, "Waiting for the jobs to be worked off; the queue cannot be read")
    if end.drains and end.jobs:
        message = "Waiting for the jobs to be worked off; nothing keeps producers from adding more"
        return Verdict(True, Reason.DRAINING, message)
    if end.blocks and end.dead != 0:
        if end.seconds_left <= 0:
            return Verdict(False, Reason.DRAIN_TIMED_OUT, "drainTimeout is over: the dead letters stay at the broker")
        message = "There are dead letters: remove them, or set deadLetter.deletionPolicy to Retain to leave them there"
        return Verdict(True, Reason.DEAD_LETTERS_KEPT, message)
    return Verdict(False)


def _gone_anyway(end: End) -> Verdict | None:
    if not end.worked:
        return Verdict(False, Reason.QUEUE_ABANDONED, "No WorkerPool works the jobs off: they stay at the broker")
    if end.seconds_left <= 0:
        return Verdict(False, Reason.DRAIN_TIMED_OUT, "drainTimeout is over: the jobs that are left stay at the broker")
    return None
