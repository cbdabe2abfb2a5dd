"""What each command asks of an object, as an RFC 7386 merge patch of its spec. Pure.

An intent that is already fulfilled is None, so that nothing is written and the person is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DRAIN_REASON: Final = "headgate drain"

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Intent:
    """`patch` is of the whole object; `done` says what it did, without a full stop."""

    patch: Mapping[str, Any]
    done: str


def pause(spec: Spec) -> Intent | None:
    """A paused pool is left as it is; a paused queue is not taken from."""
    return None if spec.get("paused") else _intent({"paused": True}, "paused")


def hold(spec: Spec, replicas: int, until: str | None, reason: str | None) -> Intent | None:
    """`until` is an RFC 3339 time. A hold is replaced whole, so no older deadline or reason outlives it."""
    wanted: dict[str, Any] = {"replicas": replicas}
    wanted |= {key: value for key, value in (("until", until), ("reason", reason)) if value is not None}
    present = spec.get("hold") or {}
    if present == wanted:
        return None
    forgotten = {key: None for key in present if key not in wanted}
    return _intent({"hold": {**forgotten, **wanted}}, f"held at {replicas}" + (f" until {until}" if until else ""))


def drain(spec: Spec) -> Intent | None:
    """Every worker finishes what it runs and goes; the pool stays, at nothing."""
    return hold(spec, 0, None, DRAIN_REASON)


def release(spec: Spec) -> Intent | None:
    """Autoscaling again; a pause stays."""
    if not spec.get("hold"):
        return None
    return _intent({"hold": None}, f"hold of {spec['hold'].get('replicas')} lifted")


def resume(spec: Spec) -> Intent | None:
    """Whatever a person has stopped goes on: hold and pause are lifted."""
    lifted = [
        words for words, there in (("hold lifted", spec.get("hold")), ("pause lifted", spec.get("paused"))) if there
    ]
    if not lifted:
        return None
    return _intent({key: None for key in ("hold", "paused") if key in spec}, ", ".join(lifted))


def _intent(spec: Mapping[str, Any], done: str) -> Intent:
    return Intent({"spec": spec}, done)
