"""Conditions: declared as data, set by phases, merged in one place, in the manner of kstatus.

Invariants: the transition time moves only when the status changes; what was said in this pass carries the object's
generation; the list is sorted by type; an abnormal condition that is False is absent. Messages have no numbers or
times that change with every pass, so nothing flaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Literal

from reconciler.errors import Stalled, Transient, Waiting
from reconciler.outcome import Outcome
from reconciler.reasons import Reason

Status = Literal["True", "False", "Unknown"]
LONGEST_MESSAGE: Final = 1024


class Polarity(StrEnum):
    NORMAL = "normal"
    """True is good; False is shown."""
    ABNORMAL = "abnormal"
    """True wants attention; the condition is absent when it is False."""


@dataclass(frozen=True, slots=True)
class ConditionType:
    name: str
    polarity: Polarity
    meaning: str


READY: Final = ConditionType("Ready", Polarity.NORMAL, "The object does what its spec says")
RECONCILING: Final = ConditionType("Reconciling", Polarity.ABNORMAL, "Headgate is still on its way, or tries again")
STALLED: Final = ConditionType("Stalled", Polarity.ABNORMAL, "Nothing goes on until the user changes something")
CONFIG_APPLIED: Final = ConditionType(
    "ConfigApplied", Polarity.NORMAL, "All workers follow the queue's present configuration"
)
DEAD_LETTERS: Final = ConditionType(
    "DeadLettersPresent", Polarity.ABNORMAL, "There are more dead letters than deadLetter.alertAbove"
)
DRAINING: Final = ConditionType("Draining", Polarity.ABNORMAL, "Workers are asked to finish and take nothing new")
GUARANTEE: Final = ConditionType(
    "Guarantee", Polarity.NORMAL, "The API server keeps everybody from deleting a busy worker"
)
TAKEN_OVER: Final = ConditionType(
    "TakenOver", Polarity.NORMAL, "The Deployment that takeOver names has no workers left"
)
COMPLIANT: Final = ConditionType("PolicyCompliant", Polarity.NORMAL, "The stored object breaks no policy")
SCALING_ACTIVE: Final = ConditionType("ScalingActive", Polarity.NORMAL, "Replicas follow the queues")
SCALING_LIMITED: Final = ConditionType(
    "ScalingLimited", Polarity.ABNORMAL, "A bound keeps the replicas from what the queues ask for"
)
DRIFT: Final = ConditionType("DriftDetected", Polarity.ABNORMAL, "Somebody else changed what Headgate owns")
CONFLICTED: Final = ConditionType("Conflicted", Polarity.ABNORMAL, "Another policy says something incompatible")

KIND_CONDITIONS: Final[Mapping[str, tuple[ConditionType, ...]]] = {
    "Queue": (READY, RECONCILING, STALLED, CONFIG_APPLIED, DEAD_LETTERS, DRAINING, COMPLIANT),
    "WorkerPool": (
        READY,
        RECONCILING,
        STALLED,
        SCALING_ACTIVE,
        SCALING_LIMITED,
        DRAINING,
        GUARANTEE,
        TAKEN_OVER,
        COMPLIANT,
        DRIFT,
    ),
    "Policy": (READY, RECONCILING, STALLED, CONFLICTED),
    "ClusterPolicy": (READY, RECONCILING, STALLED, CONFLICTED),
}


@dataclass(frozen=True, slots=True)
class Condition:
    type: str
    status: Status
    reason: Reason
    message: str


class Conditions:
    """What the phases of one pass say. The last word on a type counts."""

    def __init__(self) -> None:
        self._said: dict[str, Condition] = {}

    def true(self, kind: ConditionType, reason: Reason, message: str) -> None:
        self._say(kind, "True", reason, message)

    def false(self, kind: ConditionType, reason: Reason, message: str) -> None:
        self._say(kind, "False", reason, message)

    def unknown(self, kind: ConditionType, reason: Reason, message: str) -> None:
        self._say(kind, "Unknown", reason, message)

    def get(self, kind: ConditionType) -> Condition | None:
        return self._said.get(kind.name)

    def said(self) -> dict[str, Condition]:
        return dict(self._said)

    def _say(self, kind: ConditionType, status: Status, reason: Reason, message: str) -> None:
        self._said[kind.name] = Condition(kind.name, status, reason, " ".join(message.split())[:LONGEST_MESSAGE])


def concluded(conditions: Conditions, outcome: Outcome) -> Conditions:
    """The conditions with Ready, Reconciling and Stalled as the end of the pass makes them."""
    match outcome.error:
        case None:
            if conditions.get(READY) is None:
                conditions.true(READY, Reason.RECONCILED, "As its spec says")
        case Stalled(reason=reason, message=message):
            conditions.false(READY, reason, message)
            conditions.true(STALLED, reason, message)
        case Waiting(reason=reason, message=message):
            if conditions.get(READY) is None:
                conditions.false(READY, reason, message)
            conditions.true(RECONCILING, reason, message)
        case Transient(reason=reason, message=message):
            conditions.true(RECONCILING, reason, message)
    return conditions


def with_note(said: Mapping[str, Condition], ineffective: Iterable[str]) -> Mapping[str, Condition]:
    """Ready names the spec fields that are accepted and not yet followed, so that nobody relies on them unknowingly."""
    ready, fields = said.get(READY.name), ", ".join(ineffective)
    if ready is None or ready.status != "True" or not fields:
        return said
    return {
        **said,
        READY.name: replace(ready, message=f"{ready.message}; without effect yet: {fields}"[:LONGEST_MESSAGE]),
    }


def merged(
    kind: str,
    before: Iterable[Mapping[str, Any]],
    said: Mapping[str, Condition],
    *,
    generation: int,
    now: datetime,
    complete: bool,
) -> list[dict[str, Any]]:
    """`status.conditions` after the pass.

    A pass that ended early (`complete` False) did not come to speak of everything: the rest stays as it was, except
    Reconciling and Stalled, which are always about the last pass. What is not declared for the kind is dropped.
    """
    old = {str(condition["type"]): dict(condition) for condition in before}
    now_text = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    result = []
    for declared in sorted(KIND_CONDITIONS[kind], key=lambda declared: declared.name):
        condition = said.get(declared.name)
        previous = old.get(declared.name)
        if condition is None:
            if previous is not None and not complete and declared not in (RECONCILING, STALLED):
                result.append(previous)
        elif not (condition.status == "False" and declared.polarity is Polarity.ABNORMAL):
            same = previous is not None and previous["status"] == condition.status
            result.append(
                {
                    "type": condition.type,
                    "status": condition.status,
                    "observedGeneration": generation,
                    "lastTransitionTime": previous["lastTransitionTime"] if previous and same else now_text,
                    "reason": str(condition.reason),
                    "message": condition.message,
                }
            )
    return result
