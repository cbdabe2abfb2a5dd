"""`status` of a Queue. Pure.

While the broker cannot be read the last known numbers stay, with `observedTime` saying how old they are and every
method Unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from crds import duration
from policies.effective import SPEC, Effective
from reconciler.brokers.observation import Method, Observation
from reconciler.outcome import Outcome
from reconciler.phases.queue.enforcing import enforced_by
from reconciler.phases.queue.methods import FLOWING, methods
from reconciler.phases.queue.state import QueueState
from reconciler.plans.flow import LONG_SECONDS
from reconciler.status import Fields

NUMBERS: Final = ("waiting", "running", "scheduled", "deadLetters", "oldestJobTime", *FLOWING)
FIELDS: Final = Fields(fast=frozenset({*NUMBERS, "methods"}), quiet=frozenset({"observedTime"}))


def summarize(state: QueueState, outcome: Outcome) -> Mapping[str, Any]:
    seen = state.sight.readable if state.sight else None
    return {
        "queueName": state.queue_name,
        **(_numbers(state, seen) if seen else _carried(state)),
        "enforcedBy": enforced_by(state.spec),
        "effective": _effective(state.effective) if state.effective else state.status.get("effective"),
    }


def _numbers(state: QueueState, seen: Observation) -> dict[str, Any]:
    oldest = state.sight.oldest.value if state.sight is not None else None
    return {
        "observedTime": _text(state.now),
        "waiting": seen.waiting.value,
        "running": seen.running.value,
        "scheduled": seen.scheduled.value,
        "deadLetters": seen.dead_letters.value,
        "oldestJobTime": None if oldest is None else _text(datetime.fromtimestamp(oldest, UTC)),
        **_rates(state),
        "methods": {name: str(method) for name, method in methods(state.sight, state.latency).items()},
    }


def _rates(state: QueueState) -> dict[str, Any]:
    """Over the last two minutes, or for a time that jobs take longer; what is not known is left out."""
    sight = state.sight
    if sight is None or sight.flow is None:
        return {}
    flow, service = sight.flow, sight.service
    return {
        "waitP95": _short(sight.wait.value),
        "latencyP95": _short(state.latency),
        "serviceTime": _short(service.seconds if service is not None else None),
        "arrivalsPerMinute": _per_minute(flow.arrivals(LONG_SECONDS)),
        "completionsPerMinute": _per_minute(flow.completions(LONG_SECONDS)),
    }


def _short(seconds: float | None) -> str | None:
    return None if seconds is None else duration.text(round(seconds, 1 if seconds < 10 else 0))


def _per_minute(rate: float | None) -> int | None:
    return None if rate is None else round(rate * 60)


def _carried(state: QueueState) -> dict[str, Any]:
    kept = {name: state.status.get(name) for name in (*NUMBERS, "observedTime")}
    return {**kept, "methods": dict.fromkeys(NUMBERS, str(Method.UNKNOWN))}


def _effective(effective: Effective) -> dict[str, dict[str, Any]]:
    """What the spec leaves open, with who decides it."""
    return {path: {"value": value, "origin": origin} for path, value, origin in effective.leaves() if origin != SPEC}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
