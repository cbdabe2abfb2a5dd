"""What one pass over a StatefulSet does, case by case; `test_ordinals_simulated` tries what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plans.actions import Action, Cancel, DeleteMarked, Hasten, Mark, Scale, Unmark
from reconciler.plans.actions import Request as Ask
from reconciler.plans.child import Child, DrainReason, Force, Request
from reconciler.plans.ordinals import plan, replaceable
from reconciler.plans.removal import Plan, Wait
from reconciler.workers import WorkerState
from tests.reconciler.plans.children import BUSY, DRAINED, LONG_AGO, NODES, NOW, OURS, USERS, marked, ordered, ordinal

ROLLED = Request("Rollout", NOW - 10)

A, B, C = ordinal(0), ordinal(1), ordinal(2)
ASKED_A, ASKED_B, ASKED_C = (ordinal(place, BUSY, OURS) for place in range(3))
PROVED_B, PROVED_C = ordinal(1, DRAINED, OURS), ordinal(2, DRAINED, OURS)
MARKED_B, MARKED_C = marked(PROVED_B), marked(PROVED_C)
CALLED_PROVED = ordinal(0, DRAINED, USERS)
OLD_A, OLD_B, OLD_C = (ordinal(place, outdated=True) for place in range(3))
OLD_ASKED, OLD_PROVED = ordinal(0, BUSY, ROLLED, outdated=True), ordinal(0, DRAINED, ROLLED, outdated=True)
EVACUATED = ordinal(0, evacuated=True)
EVACUATED_MARKED = marked(ordinal(0, DRAINED, NODES, evacuated=True))
OLD_BROKEN = ordinal(1, ready=False, outdated=True)
LATE, SILENT = ordinal(2, BUSY, LONG_AGO), ordinal(2, WorkerState(), LONG_AGO, silent=True)
LEAVING = ordinal(2, BUSY, LONG_AGO, bound="c-w-2", forced=True, terminating=True, grace=60.0)
PATIENT = ordinal(0, patience=600.0)
PENDING = ordinal(2, scheduled=False, runs=False, ready=False, container="")

CASES: dict[str, tuple[Child, tuple[Action, ...], Wait]] = {
    "with as many as are wanted there is nothing to do": (ordered(A, B, keep=2), (), Wait.NOTHING),
    "more are wanted": (ordered(A, B, keep=3), (Scale(2, 3),), Wait.SETTLING),
    "the highest are asked to drain": (
        ordered(A, B, C, keep=1),
        (Ask(B, DrainReason.SCALE_DOWN), Ask(C, DrainReason.SCALE_DOWN)),
        Wait.WORKERS,
    ),
    "one that has finished waits for those above it": (ordered(A, PROVED_B, ASKED_C, keep=1), (), Wait.WORKERS),
    "and is wanted again without having been marked": (
        ordered(A, PROVED_B, ASKED_C, keep=3),
        (Cancel(PROVED_B), Cancel(ASKED_C)),
        Wait.NOTHING,
    ),
    "the highest goes without those below it": (ordered(A, ASKED_B, PROVED_C, keep=1), (Mark(PROVED_C),), Wait.WORKERS),
    "several go together": (ordered(A, PROVED_B, PROVED_C, keep=1), (Mark(PROVED_C), Mark(PROVED_B)), Wait.WORKERS),
    "the set shrinks by what is marked at its top": (
        ordered(A, ASKED_B, MARKED_C, keep=1),
        (Scale(3, 2),),
        Wait.SETTLING,
    ),
    "by all of it": (ordered(A, MARKED_B, MARKED_C, keep=1), (Scale(3, 1),), Wait.SETTLING),
    "but not below what is wanted": (ordered(A, MARKED_B, MARKED_C, keep=2), (Scale(3, 2),), Wait.SETTLING),
    "not by what is marked below one that is busy": (ordered(A, MARKED_B, ASKED_C, keep=1), (), Wait.WORKERS),
    "a pod that stays need not be ready": (
        ordered(ordinal(0, ready=False), B, MARKED_C, keep=2),
        (Scale(3, 2),),
        Wait.SETTLING,
    ),
    "a controller that is behind is waited for": (
        ordered(A, B, MARKED_C, keep=2, generation=2),
        (),
        Wait.SETTLING,
    ),
    "the highest that is just being started is waited for": (
        ordered(A, MARKED_B, keep=1, replicas=3),
        (),
        Wait.WORKERS,
    ),
    "and passed over where it can't be started": (
        ordered(A, MARKED_B, keep=1, replicas=3, failing=True),
        (Scale(3, 1),),
        Wait.SETTLING,
    ),
    "who is not yet on a node goes at once, and would start asked": (
        ordered(A, B, PENDING, keep=2),
        (Mark(PENDING, DrainReason.SCALE_DOWN),),
        Wait.WORKERS,
    ),
    "a marked one that is wanted again is replaced": (
        ordered(A, B, MARKED_C, keep=3),
        (DeleteMarked(MARKED_C),),
        Wait.SETTLING,
    ),
    "a mark of an earlier container is taken back": (
        ordered(A, B, replace(MARKED_C, container="c-again"), keep=2),
        (Unmark(replace(MARKED_C, container="c-again")),),
        Wait.NOTHING,
    ),
    "places that somebody else took from busy ones are given back": (
        ordered(A, B, C, keep=3, replicas=1),
        (Scale(1, 3),),
        Wait.SETTLING,
    ),
    "also where fewer are wanted": (ordered(A, B, C, keep=1, replicas=1), (Scale(1, 3),), Wait.SETTLING),
    "what its controller owes is deleted by name": (
        ordered(A, B, MARKED_C, keep=2, replicas=2),
        (DeleteMarked(MARKED_C, owed=True),),
        Wait.SETTLING,
    ),
    "whom somebody else asked is marked": (ordered(CALLED_PROVED, B, keep=2), (Mark(CALLED_PROVED),), Wait.WORKERS),
    "and replaced": (
        ordered(marked(CALLED_PROVED), B, keep=2),
        (DeleteMarked(marked(CALLED_PROVED)),),
        Wait.SETTLING,
    ),
    "also where it is one too many and those above it are busy": (
        ordered(marked(CALLED_PROVED), B, keep=0),
        (DeleteMarked(marked(CALLED_PROVED)),),
        Wait.SETTLING,
    ),
    "of an old revision one is asked": (
        ordered(OLD_A, OLD_B, keep=2, replacing=1),
        (Ask(OLD_A, DrainReason.ROLLOUT),),
        Wait.WORKERS,
    ),
    "and then nobody else until it has been replaced": (
        ordered(OLD_ASKED, OLD_B, keep=2, replacing=1),
        (),
        Wait.WORKERS,
    ),
    "it is marked where it stands": (
        ordered(OLD_PROVED, OLD_B, keep=2, replacing=1),
        (Mark(OLD_PROVED),),
        Wait.WORKERS,
    ),
    "and its ordinal comes back anew": (
        ordered(marked(OLD_PROVED), OLD_B, keep=2, replacing=1),
        (DeleteMarked(marked(OLD_PROVED)),),
        Wait.SETTLING,
    ),
    "where a new one is not yet proved, no old one is asked": (
        ordered(A, OLD_B, keep=2, replacing=0),
        (),
        Wait.NOTHING,
    ),
    "but one that is not ready serves nobody": (
        ordered(A, OLD_BROKEN, keep=2, replacing=0),
        (Ask(OLD_BROKEN, DrainReason.ROLLOUT),),
        Wait.WORKERS,
    ),
    "a rollout that has to wait takes its request back": (
        ordered(OLD_ASKED, OLD_B, keep=2, replacing=None),
        (Cancel(OLD_ASKED),),
        Wait.NOTHING,
    ),
    "as one does whose revision is wanted again": (
        ordered(ordinal(0, BUSY, ROLLED), B, keep=2, replacing=1),
        (Cancel(ordinal(0, BUSY, ROLLED)),),
        Wait.NOTHING,
    ),
    "a rollout goes on while the set shrinks": (
        ordered(OLD_A, OLD_B, OLD_C, keep=2, replacing=1),
        (Ask(OLD_C, DrainReason.SCALE_DOWN), Ask(OLD_A, DrainReason.ROLLOUT)),
        Wait.WORKERS,
    ),
    "whose node goes is asked to leave, whatever its place": (
        ordered(EVACUATED, B, keep=2),
        (Ask(EVACUATED, DrainReason.NODE),),
        Wait.WORKERS,
    ),
    "and comes back elsewhere": (
        ordered(EVACUATED_MARKED, B, keep=2),
        (DeleteMarked(EVACUATED_MARKED),),
        Wait.SETTLING,
    ),
    "over the time, Wait goes on waiting": (ordered(A, B, LATE, keep=2), (), Wait.WORKERS),
    "over the time, Requeue and Kill mark without a proof": (
        ordered(A, B, LATE, keep=2, force=Force.EVERYBODY),
        (Mark(LATE, forced=True),),
        Wait.WORKERS,
    ),
    "a deleted pool does not wait for who says nothing": (
        ordered(A, B, SILENT, keep=2, force=Force.SILENT),
        (Mark(SILENT, forced=True),),
        Wait.WORKERS,
    ),
    "who can only be told by SIGTERM is asked for nothing else": (
        ordered(PATIENT, keep=0, warm=True),
        (Mark(PATIENT, DrainReason.SCALE_DOWN, warm=True),),
        Wait.WORKERS,
    ),
    "Kill cuts the goodbye short": (
        ordered(A, B, LEAVING, keep=2, replicas=2, kills=True),
        (Hasten(LEAVING),),
        Wait.SETTLING,
    ),
}


ROOM: dict[str, tuple[Child, int, set[str], int]] = {
    "where all serve, as many may leave as may be out": (ordered(OLD_A, OLD_B, keep=2), 1, {"w-0", "w-1"}, 1),
    "one that is on its way out is one of them": (ordered(OLD_ASKED, OLD_B, keep=2), 1, {"w-1"}, 1),
    "a successor that does not serve yet is out": (ordered(A, OLD_B, keep=2), 1, {"w-1"}, 0),
    "so is a place without a pod": (ordered(OLD_B, keep=2, replicas=2), 1, {"w-1"}, 0),
    "two may be out, and one is": (ordered(A, OLD_B, OLD_C, keep=3), 2, {"w-1", "w-2"}, 1),
    "what is above the wanted number serves nobody": (ordered(OLD_A, OLD_B, C, keep=2), 1, {"w-0", "w-1", "w-2"}, 1),
}


@pytest.mark.parametrize("case", ROOM, ids=lambda case: case)
def test_replaceable(case: str) -> None:
    seen, out, serving, want = ROOM[case]
    assert replaceable(seen, out, serving) == want


@pytest.mark.parametrize("case", CASES, ids=lambda case: case)
def test_plan(case: str) -> None:
    seen, want, wait = CASES[case]
    assert plan(seen) == Plan(want, wait)
