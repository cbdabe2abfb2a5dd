"""`status.decision` of a pool as a bill: what was asked for, what moved it, and what the pool is bound by. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.plans import price
from reconciler.plans.decision import BoundBy
from reconciler.plans.explain import OUTCOMES, QUEUE, QUEUES, SIGNALS

RULES: Final[Mapping[str, str]] = {
    BoundBy.DEMAND: "asked for",
    BoundBy.MIN_REPLICAS: "scaling.minReplicas",
    BoundBy.SCHEDULE: "scaling.schedules",
    BoundBy.MAX_REPLICAS: "scaling.maxReplicas",
    BoundBy.RATE_LIMIT: "rate limit",
    BoundBy.INEFFECTIVE: "growth that does not help",
    BoundBy.DAMPING: "damping",
    BoundBy.BEHAVIOR: "scaling.behavior",
    BoundBy.BUDGET: "budget",
    BoundBy.UNREADABLE: "unknown is not zero",
    BoundBy.FALLBACK: "scaling.fallback",
    BoundBy.HOLD: "hold",
    BoundBy.PAUSED: "paused",
    "More": "more queues",
}
BESIDE: Final = (SIGNALS, OUTCOMES, price.NAME)
"""Steps that have no number of their own."""


def lines(pool: Mapping[str, Any]) -> Iterator[str]:
    """What people read: the last change of the number, and the bill of it or of what was said of it since."""
    name, status = pool["metadata"]["name"], pool.get("status") or {}
    decision = status.get("decision")
    if not decision:
        yield f"{name}: nothing has been decided yet"
        return
    start, to = decision["from"], decision["to"]
    change = f"{to - start:+d}" if to != start else "unchanged"
    yield f"{name}: {to} replicas ({change}) since {decision['time']}: {status.get('summary', '')}"
    yield from _steps(decision.get("steps") or ())
    bound = decision.get("boundBy", "")
    yield f"  {to:>4}  binding: {RULES.get(bound, bound)}"
    if (now := status.get("desiredReplicas", to)) != to:
        yield f"By now {now} are wanted."


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for step in steps:
        label = "" if step["name"] in (QUEUE, QUEUES) else RULES.get(step["name"], step["name"])
        message = step.get("message", "")
        if step["name"] in BESIDE:
            yield f"        {message}"
        else:
            yield f"  {step['replicas']:>4}  {': '.join(text for text in (label, message) if text)}"
