"""How a changed worker replaces the old ones."""

from __future__ import annotations

from typing import ClassVar, Literal

from crds.rules import Rule
from crds.v1.base import Model
from crds.v1.scalars import IntOrPercent, PositiveDur

LatencyBreachAction = Literal["Pause", "Continue"]
FailureAction = Literal["Pause", "Rollback"]


def _is_zero(value: int | str) -> bool:
    return value in (0, "0%", "00%")


class Rollout(Model):
    RULES: ClassVar = (
        Rule(
            cel="!has(self.maxSurge) || !has(self.maxUnavailable)"
            " || !(string(self.maxSurge) in ['0', '0%', '00%'] && string(self.maxUnavailable) in ['0', '0%', '00%'])",
            message="must not be 0 when maxSurge is 0: nothing could ever be replaced",
            holds=lambda self: not (_is_zero(self.get("maxSurge", 1)) and _is_zero(self.get("maxUnavailable", 1))),
            field="maxUnavailable",
        ),
    )

    max_surge: IntOrPercent | None = None
    """How many replicas, or how many percent of them, may exist beyond the wanted number. Absent: what a Policy says,
    else 25%."""
    max_unavailable: IntOrPercent | None = None
    """How many replicas, or how many percent of them, may be missing. Absent: what a Policy says, else 0."""
    progress_deadline: PositiveDur | None = None
    """A rollout without progress for so long has failed. Absent: what a Policy says, else the longer of 10m and three
    times the start-up time."""
    on_latency_breach: LatencyBreachAction | None = None
    """Whether the rollout goes on while jobs wait longer than their target. Absent: what a Policy says, else
    Continue."""
    on_failure: FailureAction | None = None
    """Pause: a failed rollout stops where it is. Rollback: the old revision comes back. Absent: what a Policy says,
    else Pause."""
