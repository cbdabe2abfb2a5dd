"""What a replica decision says, and the record of the last one that changed something."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

SETTLED_SECONDS: Final = 30.0
"""A pool that keeps its number says at most this often that another bound has set it, so that status does not flap."""


class BoundBy(StrEnum):
    """What made a decision the number it is."""

    DEMAND = "Demand"
    """The waiting and running jobs, and those that arrive."""
    MIN_REPLICAS = "MinReplicas"
    """`scaling.minReplicas`: the jobs need fewer."""
    SCHEDULE = "Schedule"
    """`scaling.schedules`: the minimum of this time of day."""
    MAX_REPLICAS = "MaxReplicas"
    """`scaling.maxReplicas`: the jobs need more."""
    RATE_LIMIT = "RateLimit"
    """The rate limit of the queues: more replicas would only wait for it."""
    INEFFECTIVE = "Ineffective"
    """More replicas have not worked off more jobs, so no more are added for now."""
    DAMPING = "Damping"
    """The jobs need fewer, but not for long enough yet."""
    BEHAVIOR = "Behavior"
    """`scaling.behavior`: its windows or policies allow no faster change."""
    BUDGET = "Budget"
    """A Policy's budget leaves this pool no more."""
    UNREADABLE = "Unreadable"
    """A signal is unknown or in doubt, and unknown is not zero."""
    FALLBACK = "Fallback"
    """`scaling.fallback`: nothing could be read for longer than `after`."""
    HOLD = "Hold"
    """`spec.hold`, as `kubectl scale` writes it."""
    PAUSED = "Paused"
    """`spec.paused`: nothing is changed on this pool."""


SOFT: Final = frozenset(
    (
        BoundBy.DEMAND,
        BoundBy.MIN_REPLICAS,
        BoundBy.SCHEDULE,
        BoundBy.MAX_REPLICAS,
        BoundBy.RATE_LIMIT,
        BoundBy.INEFFECTIVE,
        BoundBy.DAMPING,
        BoundBy.BEHAVIOR,
    )
)
"""Bounds between which the load alone moves a pool, to and fro while it is near two of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the bill: `Queue` or the rule that was looked at, the number after it, and its inputs."""

    name: str
    replicas: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class ReplicaDecision:
    """How many replicas should serve.

    With `may_shrink` False no pod may be removed for this decision's sake: `to` is only a floor. `demand` is what the
    pool would serve with if no budget bound it. `summary` has at most 40 characters, a step's message at most 120.
    """

    to: int
    bound_by: BoundBy
    steps: tuple[Step, ...] = ()
    summary: str = ""
    may_shrink: bool = True
    demand: int = 0

    @property
    def asked(self) -> int:
        """What the jobs ask for, before any bound."""
        return next((step.replicas for step in self.steps if step.name == BoundBy.DEMAND), self.to)


@dataclass(frozen=True, slots=True)
class Record:
    """The last decision that said something new, as `status.decision` shows it.

    `time`, in seconds since the epoch, and `start` are of the last change of the number, whatever was said since.
    """

    time: float
    start: int
    decision: ReplicaDecision


def record(previous: Record | None, decision: ReplicaDecision, current: int, now: float) -> Record:
    """The record to show after `decision`: `previous` itself while number, bound and summary are the same."""
    if previous is None or previous.decision.to != decision.to:
        return Record(now, current, decision)
    old = previous.decision
    if (old.bound_by, old.summary) == (decision.bound_by, decision.summary):
        return previous
    return replace(previous, decision=decision)


def may_wait(previous: Record, later: Record) -> bool:
    """Whether `later` says only that the load has brought a number that stays nearer to another bound."""
    old, new = previous.decision, later.decision
    return old.to == new.to and {old.bound_by, new.bound_by} <= SOFT
