"""`status` of a Queue. Pure.

While the broker cannot be read the last known numbers stay, with `observedTime` saying how old they are and every
method Unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from policies.effective import SPEC, Effective
from reconciler.brokers.observation import Method, Observation
from reconciler.outcome import Outcome
from reconciler.phases.queue.state import QueueState
from reconciler.status import Fields

NUMBERS: Final = ("waiting", "running", "scheduled", "deadLetters", "oldestJobTime")
FIELDS: Final = Fields(fast=frozenset({*NUMBERS, "methods"}), quiet=frozenset({"observedTime"}))
ENFORCED_BY: Final[Mapping[str, str]] = {
    "rateLimit": "Worker",
    "retry": "Worker",
    "retention": "None",
    "deadLetter": "Worker",
    "pause": "Worker",
}
"""Plain lists and streams enforce nothing by themselves."""


def summarize(state: QueueState, outcome: Outcome) -> Mapping[str, Any]:
    seen = state.sight.readable if state.sight else None
    return {
        "queueName": state.queue_name,
        **(_numbers(state, seen) if seen else _carried(state)),
        "enforcedBy": dict(ENFORCED_BY),
        "effective": _effective(state.effective) if state.effective else state.status.get("effective"),
    }


def _numbers(state: QueueState, seen: Observation) -> dict[str, Any]:
    in_doubt = state.sight is not None and state.sight.doubt is not None
    oldest = seen.oldest_enqueued.value
    return {
        "observedTime": _text(state.now),
        "waiting": seen.waiting.value,
        "running": seen.running.value,
        "scheduled": seen.scheduled.value,
        "deadLetters": seen.dead_letters.value,
        "oldestJobTime": None if oldest is None else _text(datetime.fromtimestamp(oldest, UTC)),
        "methods": dict.fromkeys(seen.methods, str(Method.UNKNOWN)) if in_doubt else seen.methods,
    }


def _carried(state: QueueState) -> dict[str, Any]:
    kept = {name: state.status.get(name) for name in (*NUMBERS, "observedTime")}
    return {**kept, "methods": dict.fromkeys(NUMBERS, str(Method.UNKNOWN))}


def _effective(effective: Effective) -> dict[str, dict[str, Any]]:
    """What the spec leaves open, with who decides it."""
    return {path: {"value": value, "origin": origin} for path, value, origin in effective.leaves() if origin != SPEC}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
