"""Conditions say the same thing in the same words until something changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from reconciler import conditions as c
from reconciler.conditions import Conditions, concluded, merged, with_note
from reconciler.errors import ReconcileError, Stalled, Transient, Waiting
from reconciler.outcome import Outcome
from reconciler.reasons import Reason

MORNING = datetime(2026, 1, 1, 9, tzinfo=UTC)
EARLIER = "2025-12-31T00:00:00Z"


def stored(kind: str, status: str, reason: str = "Reconciled", message: str = "m") -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "observedGeneration": 1,
        "lastTransitionTime": EARLIER,
        "reason": reason,
        "message": message,
    }


def merge(said: Conditions, *before: dict[str, Any], complete: bool = True) -> list[dict[str, Any]]:
    return merged("Queue", before, said.said(), generation=2, now=MORNING, complete=complete)


def brief(conditions: list[dict[str, Any]]) -> list[str]:
    return [f"{condition['type']}={condition['status']} {condition['reason']}" for condition in conditions]


class End(NamedTuple):
    error: ReconcileError | None
    want: list[str]
    ready: str = ""


ENDS = {
    "all phases ran": End(None, ["Ready=True Reconciled"]),
    "all phases ran, and one knew better": End(None, ["Ready=False Paused"], ready="False"),
    "the user must act": End(
        Stalled(Reason.INVALID_SPEC, "x"), ["Ready=False InvalidSpec", "Stalled=True InvalidSpec"]
    ),
    "the user must act, whatever a phase said": End(
        Stalled(Reason.INVALID_SPEC, "x"), ["Ready=False InvalidSpec", "Stalled=True InvalidSpec"], ready="True"
    ),
    "something else must happen first": End(
        Waiting(5, Reason.PROGRESSING, "x"), ["Ready=False Progressing", "Reconciling=True Progressing"]
    ),
    "waiting while all is well": End(
        Waiting(5, Reason.PROGRESSING, "x"), ["Ready=True Paused", "Reconciling=True Progressing"], ready="True"
    ),
    "something outside fails": End(Transient(Reason.RETRYING, "x"), ["Reconciling=True Retrying"]),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_end_of_a_pass_makes_ready_reconciling_and_stalled(end: End) -> None:
    said = Conditions()
    if end.ready:
        (said.true if end.ready == "True" else said.false)(c.READY, Reason.PAUSED, "y")
    assert brief(merge(concluded(said, Outcome(end.error)))) == end.want


def test_a_transient_failure_leaves_ready_as_it_was() -> None:
    said = concluded(Conditions(), Outcome(Transient(Reason.RETRYING, "x")))
    assert brief(merge(said, stored("Ready", "True"), complete=False)) == [
        "Ready=True Reconciled",
        "Reconciling=True Retrying",
    ]


def test_the_transition_time_moves_with_the_status_only() -> None:
    said = Conditions()
    said.true(c.READY, Reason.PAUSED, "another reason and message")
    said.false(c.COMPLIANT, Reason.RECONCILED, "m")
    ready, compliant = reversed(merge(said, stored("Ready", "True"), stored("PolicyCompliant", "True")))
    assert ready["lastTransitionTime"] == EARLIER
    assert ready["reason"] == "Paused"
    assert compliant["lastTransitionTime"] == "2026-01-01T09:00:00Z"


def test_everything_said_carries_the_generation_and_is_sorted() -> None:
    said = Conditions()
    for kind in (c.STALLED, c.READY, c.COMPLIANT):
        said.true(kind, Reason.RECONCILED, "m")
    result = merge(said)
    assert [condition["type"] for condition in result] == ["PolicyCompliant", "Ready", "Stalled"]
    assert {condition["observedGeneration"] for condition in result} == {2}


def test_an_abnormal_condition_that_is_false_is_absent() -> None:
    said = Conditions()
    said.false(c.DEAD_LETTERS, Reason.RECONCILED, "m")
    said.false(c.COMPLIANT, Reason.RECONCILED, "m")
    assert brief(merge(said, stored("DeadLettersPresent", "True"))) == ["PolicyCompliant=False Reconciled"]


def test_a_pass_that_ended_early_keeps_what_it_did_not_come_to() -> None:
    before = (stored("PolicyCompliant", "True"), stored("Stalled", "True"), stored("Reconciling", "True"))
    said = concluded(Conditions(), Outcome(Waiting(1, Reason.PROGRESSING, "x")))
    kept = merge(said, *before, complete=False)
    assert brief(kept) == [
        "PolicyCompliant=True Reconciled",
        "Ready=False Progressing",
        "Reconciling=True Progressing",
    ]
    assert kept[0]["observedGeneration"] == 1
    assert brief(merge(Conditions(), *before)) == [], "a complete pass has the last word"


def test_an_undeclared_condition_is_dropped() -> None:
    assert merge(Conditions(), stored("Invented", "True"), complete=False) == []


def test_messages_are_one_bounded_line() -> None:
    said = Conditions()
    said.true(c.READY, Reason.RECONCILED, "  two\n lines " + "x" * 5000)
    message = merge(said)[0]["message"]
    assert message.startswith("two lines x")
    assert len(message) == c.LONGEST_MESSAGE


def test_ready_names_what_has_no_effect_yet() -> None:
    said = Conditions()
    said.true(c.READY, Reason.RECONCILED, "As its spec says")
    noted = with_note(said.said(), ("spec.retention", "spec.circuitBreaker"))
    assert noted["Ready"].message == "As its spec says; without effect yet: spec.retention, spec.circuitBreaker"
    said.false(c.READY, Reason.PAUSED, "Paused")
    assert with_note(said.said(), ("spec.retention",))["Ready"].message == "Paused"


def test_equal_passes_give_equal_conditions() -> None:
    said = concluded(Conditions(), Outcome())
    first = merge(said)
    later = merged("Queue", first, said.said(), generation=2, now=MORNING.replace(hour=10), complete=True)
    assert later == first
