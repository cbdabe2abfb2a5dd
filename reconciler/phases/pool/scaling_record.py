"""The recorded decision as `status.decision` and `status.summary` have it, both ways. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from reconciler.plans.decision import BoundBy, Record, ReplicaDecision, Step
from reconciler.plans.facts import PoolFacts
from reconciler.plans.history import Change
from reconciler.plans.summary import LENGTH

DRAINING: Final = re.compile(r"; \d+ drain$")


def as_status(record: Record) -> dict[str, Any]:
    decision = record.decision
    return {
        "time": datetime.fromtimestamp(record.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "from": record.start,
        "to": decision.to,
        "boundBy": str(decision.bound_by),
        "steps": [_step(step) for step in decision.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    message = {"message": step.message} if step.message else {}
    return {"name": step.name, "replicas": step.replicas, **message}


def last_change(record: Record | None, facts: PoolFacts, clock: float) -> tuple[Change, ...]:
    """The last change of the number, by the steady clock `clock`: what the policies of `behavior` go on from."""
    if record is None or facts.behavior is None or record.decision.to == record.start:
        return ()
    return (Change(clock - max(0.0, facts.now - record.time), record.decision.to - record.start),)


def stored_record(status: Mapping[str, Any]) -> Record | None:
    """The record as a pool's status has it; None where there is none that can be read."""
    stored, summary = status.get("decision") or {}, decided(status.get("summary") or "")
    try:
        steps = tuple(Step(s["name"], s["replicas"], s.get("message", "")) for s in stored.get("steps", ()))
        bound_by = BoundBy(stored["boundBy"])
        time = datetime.fromisoformat(stored["time"]).timestamp()
        return Record(time, stored["from"], ReplicaDecision(stored["to"], bound_by, steps, summary))
    except (KeyError, ValueError):
        return None


def with_draining(summary: str, count: int) -> str:
    """`status.summary`: why the pool has its size, and how many leave it, where there is room for both."""
    both = f"{summary}; {count} drain"
    return both if count and len(both) <= LENGTH else summary


def decided(summary: str) -> str:
    """What of `status.summary` is about the decision."""
    return DRAINING.sub("", summary)
