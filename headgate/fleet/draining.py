"""How far a pool's drain is, read from its status alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from headgate.fleet.tables import condition

Object = Mapping[str, Any]
MOST_NAMED: Final = 2
UNREMARKABLE: Final = frozenset(
    {"Draining", "DrainTimedOut", "Progressing", "QueueMissing", "RollingOut", "Reconciled", "ScaledToZero"}
)
"""Reasons of what goes its way, or keeps only new workers from starting; who is over the deadline is told by name."""


def seen(pool: Object) -> bool:
    """Whether the reconciler has looked at the spec as it stands."""
    return bool((pool.get("status") or {}).get("observedGeneration", 0) >= pool["metadata"].get("generation", 0))


def drained(pool: Object) -> bool:
    """Whether no worker is left. A pool that has never been looked at is unknown, not drained."""
    return seen(pool) and (pool.get("status") or {}).get("replicas") == 0


def progress(pool: Object) -> list[str]:
    """How many workers are left, and below it the ones that hold it up longest, with their deadlines."""
    if not seen(pool):
        return ["waiting for the reconciler to see it"]
    status = pool.get("status") or {}
    left = int(status.get("replicas") or 0)
    named = sorted(status.get("draining") or (), key=lambda one: (one["deadline"], one["pod"]))
    lines = [f"{left} worker{'' if left == 1 else 's'} left", *map(_worker, named[:MOST_NAMED])]
    if len(named) > MOST_NAMED:
        lines.append(f"  and {len(named) - MOST_NAMED} more")
    return [*lines, f"  {reason}"] if (reason := hindrance(pool)) else lines


def hindrance(pool: Object) -> str:
    """Why its workers may not leave at all, in the words of the conditions; empty where nothing is told to be wrong."""
    if pool["spec"].get("paused"):
        return "it is paused, so nobody leaves: `headgate resume` lifts pause and hold, then drain it"
    for kind, bad in (("Stalled", "True"), ("Ready", "False"), ("Draining", "True"), ("Reconciling", "True")):
        said = condition(pool, kind)
        if said.get("status") == bad and said.get("reason") not in UNREMARKABLE:
            return f"{said['reason']}: {said.get('message', '')}".rstrip(": ")
    return ""


def stuck(pool: Object, now: datetime) -> list[str]:
    """The workers whose deadline is over."""
    late = [one for one in (pool.get("status") or {}).get("draining") or () if _time(one["deadline"]) <= now]
    return sorted(str(one["pod"]) for one in late)


def _worker(one: Mapping[str, Any]) -> str:
    jobs = one.get("running")
    doing = "says nothing" if jobs is None else f"runs {jobs}" if jobs else "is idle"
    return f"  {one['pod']} {doing}, until {_time(one['deadline']):%H:%M:%S}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
