"""What the phases of a Queue find out during one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crds.v1 import QueueSpec
from policies.effective import Effective
from reconciler.brokers.sight import Sight
from reconciler.context import Context
from reconciler.phases import Object, State


@dataclass(kw_only=True)
class QueueState(State):
    """`sight` is what is known of the queue after this pass's reading, `latency` how long 95 of 100 jobs take by it."""

    parsed: QueueSpec | None = None
    effective: Effective | None = None
    sight: Sight | None = None
    latency: float | None = None

    @property
    def queue_name(self) -> str:
        """The queue's name at the broker."""
        return str(self.spec.get("queueName") or self.name)

    def stored(self, condition: str) -> dict[str, Any]:
        """A condition as the stored status has it; empty when it has not."""
        return next((dict(held) for held in self.status.get("conditions", ()) if held["type"] == condition), {})


def begin(obj: Object, ctx: Context) -> QueueState:
    return QueueState(obj=obj, now=ctx.clock())
