"""What one pass over a child does, case by case; `test_removal_simulated` tries what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plans.actions import Action, Cancel, DeleteMarked, Hasten, Mark, Scale
from reconciler.plans.actions import Request as Ask
from reconciler.plans.child import Child, DrainReason, Force
from reconciler.plans.removal import Plan, Wait, plan
from reconciler.workers import WorkerState
from tests.reconciler.plans.children import BUSY, DRAINED, LONG_AGO, NODES, OURS, USERS, child, marked, pod

A, B = pod("a"), pod("b")
ASKED = pod("a", BUSY, OURS)
CALLED = pod("a", BUSY, USERS)
PROVED = pod("a", DRAINED, OURS)
MARKED = marked(PROVED)
CALLED_PROVED = pod("a", DRAINED, USERS)
CALLED_MARKED = marked(CALLED_PROVED)
LATE = pod("a", BUSY, LONG_AGO)
UNHEARD = pod("a", WorkerState(), LONG_AGO)
SILENT = pod("a", WorkerState(), LONG_AGO, silent=True)
LEAVING = pod("a", BUSY, LONG_AGO, bound="c-a", forced=True, terminating=True, grace=60.0)
PATIENT, SHORT = pod("a", patience=600.0), pod("a", patience=599.0)
SHORT_SILENT = pod("a", WorkerState(), patience=599.0)
UNREADY = pod("b", ready=False)
EVACUATED = pod("a", evacuated=True)
HELD = pod("a", evacuated=True, held=True)
EVACUATED_MARKED = marked(pod("a", DRAINED, NODES, evacuated=True))
BACK = pod("a", BUSY, NODES)
LONELY = pod("a", neighbours=1)
CROWDED = pod("b", neighbours=7, created=1.0)
STARTING = pod("b", ready=False, runs=False)

CASES: dict[str, tuple[Child, tuple[Action, ...], Wait]] = {
    "with as many as are wanted there is nothing to do": (child(A, B, keep=2), (), Wait.NOTHING),
    "a surplus is asked to drain": (child(A, keep=0), (Ask(A, DrainReason.SCALE_DOWN),), Wait.WORKERS),
    "a busy one is waited for": (child(ASKED, B, keep=1), (), Wait.WORKERS),
    "one that has proved itself is marked": (child(PROVED, B, keep=1), (Mark(PROVED),), Wait.WORKERS),
    "a marked one lets the child shrink": (child(MARKED, B, keep=1), (Scale(2, 1),), Wait.SETTLING),
    "returning load withdraws the request": (child(ASKED, B, keep=2), (Cancel(ASKED),), Wait.NOTHING),
    "a marked one that is wanted again is replaced": (child(MARKED, B, keep=2), (DeleteMarked(MARKED),), Wait.SETTLING),
    "somebody else's request is not withdrawn": (child(CALLED, B, keep=2), (), Wait.WORKERS),
    "whom somebody else asked is marked too": (child(CALLED_PROVED, B, keep=2), (Mark(CALLED_PROVED),), Wait.WORKERS),
    "and replaced": (child(CALLED_MARKED, B, keep=2), (DeleteMarked(CALLED_MARKED),), Wait.SETTLING),
    "its successor need not be ready for that": (
        child(CALLED_PROVED, STARTING, keep=2),
        (Mark(CALLED_PROVED),),
        Wait.WORKERS,
    ),
    "nor where fewer are wanted at the same time": (
        child(CALLED_MARKED, STARTING, keep=1),
        (DeleteMarked(CALLED_MARKED),),
        Wait.UNREADY,
    ),
    "or not, where fewer are wanted": (child(CALLED_MARKED, B, keep=1), (Scale(2, 1),), Wait.SETTLING),
    "whom somebody else asked is the first to go": (child(B, CALLED, keep=1), (), Wait.WORKERS),
    "whose node goes is asked to leave though none is too many": (
        child(EVACUATED, B, keep=2),
        (Ask(EVACUATED, DrainReason.NODE),),
        Wait.WORKERS,
    ),
    "but not while it is held back": (child(HELD, B, keep=2), (), Wait.NOTHING),
    "who is held back starts others": (child(HELD, keep=2), (Scale(1, 2),), Wait.SETTLING),
    "of a surplus it is the first to leave all the same": (
        child(HELD, B, keep=1),
        (Ask(HELD, DrainReason.NODE),),
        Wait.WORKERS,
    ),
    "and is replaced": (child(EVACUATED_MARKED, B, keep=2), (DeleteMarked(EVACUATED_MARKED),), Wait.SETTLING),
    "or not, where one is too many": (child(EVACUATED_MARKED, B, keep=1), (Scale(2, 1),), Wait.SETTLING),
    "whose node stays after all is called back": (child(BACK, B, keep=2), (Cancel(BACK),), Wait.NOTHING),
    "of a surplus, who is on a node that goes leaves": (
        child(B, EVACUATED, keep=1),
        (Ask(EVACUATED, DrainReason.NODE),),
        Wait.WORKERS,
    ),
    "of equals, who is on the emptiest node leaves": (
        child(CROWDED, LONELY, keep=1),
        (Ask(LONELY, DrainReason.SCALE_DOWN),),
        Wait.WORKERS,
    ),
    "without a guard an unready pod that stays is waited for": (child(MARKED, UNREADY, keep=1), (), Wait.UNREADY),
    "with one it is not": (child(MARKED, UNREADY, keep=1, guarded=True), (Scale(2, 1),), Wait.SETTLING),
    "what starts is not guarded yet": (child(MARKED, STARTING, keep=1, guarded=True), (), Wait.UNREADY),
    "what the ReplicaSet owes is deleted by name": (
        child(MARKED, B, keep=1, replicas=1),
        (DeleteMarked(MARKED, owed=True),),
        Wait.SETTLING,
    ),
    "over the time, Wait goes on waiting": (child(LATE, B, keep=1), (), Wait.WORKERS),
    "over the time, Requeue and Kill mark without a proof": (
        child(LATE, B, keep=1, force=Force.EVERYBODY),
        (Mark(LATE, forced=True),),
        Wait.WORKERS,
    ),
    "a deleted pool goes on waiting for who is busy": (child(LATE, B, keep=1, force=Force.SILENT), (), Wait.WORKERS),
    "and for whom nobody could be asked about": (child(UNHEARD, B, keep=1, force=Force.SILENT), (), Wait.WORKERS),
    "but not for who never says anything": (
        child(SILENT, B, keep=1, force=Force.SILENT),
        (Mark(SILENT, forced=True),),
        Wait.WORKERS,
    ),
    "who can only be told by SIGTERM is asked for nothing else": (
        child(PATIENT, keep=0, warm=True),
        (Mark(PATIENT, DrainReason.SCALE_DOWN, warm=True),),
        Wait.WORKERS,
    ),
    "nor who was born with less time than it is to have, where it says nothing": (
        child(SHORT_SILENT, keep=0, warm=True),
        (Mark(SHORT_SILENT, DrainReason.SCALE_DOWN, warm=True),),
        Wait.WORKERS,
    ),
    "where it tells of itself it is asked, and has to prove itself": (
        child(SHORT, keep=0, warm=True),
        (Ask(SHORT, DrainReason.SCALE_DOWN),),
        Wait.WORKERS,
    ),
    "Kill cuts the goodbye short": (
        child(LEAVING, B, keep=1, replicas=1, kills=True),
        (Hasten(LEAVING),),
        Wait.SETTLING,
    ),
    "Requeue leaves it its grace period": (child(LEAVING, B, keep=1, replicas=1), (), Wait.NOTHING),
    "and a proved one has nothing to be hurried for": (
        child(replace(LEAVING, forced=False), B, keep=1, replicas=1, kills=True),
        (),
        Wait.NOTHING,
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case)
def test_plan(case: str) -> None:
    seen, want, wait = CASES[case]
    assert plan(seen) == Plan(want, wait)
