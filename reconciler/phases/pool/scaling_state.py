"""What the scaling phase adds to the state of a WorkerPool's pass."""

from __future__ import annotations

from dataclasses import dataclass

from policies.effective import Effective
from reconciler.phases import State
from reconciler.plans.decision import Record, ReplicaDecision


@dataclass(kw_only=True)
class ScalingState(State):
    """`decision` is what the phases after `scale` carry out; `record` is the last one that changed something.

    `effective` is filled by `scale` where no phase before it has done so.
    """

    effective: Effective | None = None
    decision: ReplicaDecision | None = None
    record: Record | None = None
