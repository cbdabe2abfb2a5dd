"""When an empty answer is not to be believed.

A broker that has failed over or lost its memory looks like one without jobs. After any sign of that, what it says is a
lower bound for a minute: good enough to grow by, not to shrink by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.brokers.observation import Identity, Observation

DOUBT_SECONDS: Final = 60.0
SUDDEN: Final = 10
"""Fewer jobs than this can end between two looks before their worker has told so, once a second."""
SUDDEN_UNCOUNTED: Final = 200
"""The same where nobody counts completions at all."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why observations are not to be believed, and until when (the caller's clock)."""

    why: str
    until: float


def doubt_after(doubt: Doubt | None, why: str, now: float) -> Doubt | None:
    """The doubt in force after a reading that showed this `sign`, None when it can be believed."""
    if why:
        return Doubt(why, now + DOUBT_SECONDS)
    return doubt if doubt is not None and now < doubt.until else None


def sign(previous: Observation | None, current: Observation) -> str:
    """What makes `current` doubtful, and no continuation of `previous`; empty for nothing."""
    if current.identity.role == "slave":
        return "the broker is a replica"
    if previous is None:
        return ""
    if _other(previous.identity, current.identity):
        return "another server answers"
    return "all jobs vanished" if _vanished(previous, current) else ""


def _other(one: Identity, two: Identity) -> bool:
    pairs = ((one.run_id, two.run_id), (one.replication_id, two.replication_id))
    return any(before and after and before != after for before, after in pairs)


def _vanished(previous: Observation, current: Observation) -> bool:
    """Whether everything is gone at once, and most of it is not known to have been done."""
    before, after = _jobs(previous), _jobs(current)
    if before is None or after is None or after > 0 or before < SUDDEN:
        return False
    done = _completions(previous, current)
    return before >= SUDDEN_UNCOUNTED if done is None else done < before / 4


def _completions(previous: Observation, current: Observation) -> int | None:
    if previous.finished is not None and current.finished is not None:
        return current.finished - previous.finished
    return current.workers.completed_since(previous.workers)


def _jobs(observation: Observation) -> int | None:
    """Waiting and running jobs; None when either is unknown."""
    waiting, running = observation.waiting.value, observation.running.value
    return None if waiting is None or running is None else waiting + running
