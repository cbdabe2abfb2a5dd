"""What one pass over a StatefulSet does, case by case; `test_ordinals_simulated` tries what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plans.actions import Action, Cancel, DeleteMarked, Hasten, Mark, Scale, Unmark
from reconciler.plans.actions import Request as Ask
from reconciler.plans.child import Child, DrainReason, Force, Pod, Request
from reconciler.plans.ordinals import plan, replaceable
from reconciler.plans.removal import Plan, Wait
from reconciler.workers import Activity, WorkerState

NOW = 1_000.0
OURS = Request("ScaleDown", NOW - 10)
ROLLED = Request("Rollout", NOW - 10)
USERS = Request("User", NOW - 10)
LONG_AGO = Request("ScaleDown", NOW - 10_000)
DRAINED = WorkerState(Activity.DRAINED, jobs=0, running=0)
BUSY = WorkerState(Activity.BUSY, jobs=1, running=1)


def pod(ordinal: int, worker: WorkerState = BUSY, request: Request | None = None, **more: object) -> Pod:
    name = f"w-{ordinal}"
    made = Pod(name=name, uid=name, version="1", container=f"c-{name}", request=request, ordinal=ordinal, worker=worker)
    return replace(made, **more)  # type: ignore[arg-type]  # the fields of Pod, by name


def pods(*ones: Pod, keep: int, **more: object) -> Child:
    made = Child(name="w", uid="u", version="1", replicas=len(ones), keep=keep, now=NOW, pods=ones, ordered=True)
    return replace(made, **more)  # type: ignore[arg-type]  # the fields of Child, by name


def marked(one: Pod) -> Pod:
    return replace(one, bound=one.container)


A, B, C = pod(0), pod(1), pod(2)
ASKED_A, ASKED_B, ASKED_C = (pod(ordinal, BUSY, OURS) for ordinal in range(3))
PROVED_B, PROVED_C = pod(1, DRAINED, OURS), pod(2, DRAINED, OURS)
MARKED_B, MARKED_C = marked(PROVED_B), marked(PROVED_C)
CALLED_PROVED = pod(0, DRAINED, USERS)
OLD_A, OLD_B, OLD_C = (pod(ordinal, outdated=True) for ordinal in range(3))
OLD_ASKED, OLD_PROVED = pod(0, BUSY, ROLLED, outdated=True), pod(0, DRAINED, ROLLED, outdated=True)
EVACUATED = pod(0, evacuated=True)
EVACUATED_MARKED = marked(pod(0, DRAINED, Request("NodeMaintenance", NOW - 10), evacuated=True))
OLD_BROKEN = pod(1, ready=False, outdated=True)
LATE, SILENT = pod(2, BUSY, LONG_AGO), pod(2, WorkerState(), LONG_AGO, silent=True)
LEAVING = pod(2, BUSY, LONG_AGO, bound="c-w-2", forced=True, terminating=True, grace=60.0)
PATIENT = pod(0, patience=600.0)
PENDING = pod(2, scheduled=False, runs=False, ready=False, container="")

CASES: dict[str, tuple[Child, tuple[Action, ...], Wait]] = {
    "with as many as are wanted there is nothing to do": (pods(A, B, keep=2), (), Wait.NOTHING),
    "more are wanted": (pods(A, B, keep=3), (Scale(2, 3),), Wait.SETTLING),
    "the highest are asked to drain": (
        pods(A, B, C, keep=1),
        (Ask(B, DrainReason.SCALE_DOWN), Ask(C, DrainReason.SCALE_DOWN)),
        Wait.WORKERS,
    ),
    "one that has finished waits for those above it": (pods(A, PROVED_B, ASKED_C, keep=1), (), Wait.WORKERS),
    "and is wanted again without having been marked": (
        pods(A, PROVED_B, ASKED_C, keep=3),
        (Cancel(PROVED_B), Cancel(ASKED_C)),
        Wait.NOTHING,
    ),
    "the highest goes without those below it": (pods(A, ASKED_B, PROVED_C, keep=1), (Mark(PROVED_C),), Wait.WORKERS),
    "several go together": (pods(A, PROVED_B, PROVED_C, keep=1), (Mark(PROVED_C), Mark(PROVED_B)), Wait.WORKERS),
    "the set shrinks by what is marked at its top": (pods(A, ASKED_B, MARKED_C, keep=1), (Scale(3, 2),), Wait.SETTLING),
    "by all of it": (pods(A, MARKED_B, MARKED_C, keep=1), (Scale(3, 1),), Wait.SETTLING),
    "but not below what is wanted": (pods(A, MARKED_B, MARKED_C, keep=2), (Scale(3, 2),), Wait.SETTLING),
    "not by what is marked below one that is busy": (pods(A, MARKED_B, ASKED_C, keep=1), (), Wait.WORKERS),
    "a pod that stays need not be ready": (
        pods(pod(0, ready=False), B, MARKED_C, keep=2),
        (Scale(3, 2),),
        Wait.SETTLING,
    ),
    "a controller that is behind is waited for": (
        pods(A, B, MARKED_C, keep=2, generation=2),
        (),
        Wait.SETTLING,
    ),
    "the highest that is just being started is waited for": (
        pods(A, MARKED_B, keep=1, replicas=3),
        (),
        Wait.WORKERS,
    ),
    "and passed over where it can't be started": (
        pods(A, MARKED_B, keep=1, replicas=3, failing=True),
        (Scale(3, 1),),
        Wait.SETTLING,
    ),
    "who is not yet on a node goes at once, and would start asked": (
        pods(A, B, PENDING, keep=2),
        (Mark(PENDING, DrainReason.SCALE_DOWN),),
        Wait.WORKERS,
    ),
    "a marked one that is wanted again is replaced": (
        pods(A, B, MARKED_C, keep=3),
        (DeleteMarked(MARKED_C),),
        Wait.SETTLING,
    ),
    "a mark of an earlier container is taken back": (
        pods(A, B, replace(MARKED_C, container="c-again"), keep=2),
        (Unmark(replace(MARKED_C, container="c-again")),),
        Wait.NOTHING,
    ),
    "places that somebody else took from busy ones are given back": (
        pods(A, B, C, keep=3, replicas=1),
        (Scale(1, 3),),
        Wait.SETTLING,
    ),
    "also where fewer are wanted": (pods(A, B, C, keep=1, replicas=1), (Scale(1, 3),), Wait.SETTLING),
    "what its controller owes is deleted by name": (
        pods(A, B, MARKED_C, keep=2, replicas=2),
        (DeleteMarked(MARKED_C, owed=True),),
        Wait.SETTLING,
    ),
    "whom somebody else asked is marked": (pods(CALLED_PROVED, B, keep=2), (Mark(CALLED_PROVED),), Wait.WORKERS),
    "and replaced": (
        pods(marked(CALLED_PROVED), B, keep=2),
        (DeleteMarked(marked(CALLED_PROVED)),),
        Wait.SETTLING,
    ),
    "also where it is one too many and those above it are busy": (
        pods(marked(CALLED_PROVED), B, keep=0),
        (DeleteMarked(marked(CALLED_PROVED)),),
        Wait.SETTLING,
    ),
    "of an old revision one is asked": (
        pods(OLD_A, OLD_B, keep=2, replacing=1),
        (Ask(OLD_A, DrainReason.ROLLOUT),),
        Wait.WORKERS,
    ),
    "and then nobody else until it has been replaced": (pods(OLD_ASKED, OLD_B, keep=2, replacing=1), (), Wait.WORKERS),
    "it is marked where it stands": (pods(OLD_PROVED, OLD_B, keep=2, replacing=1), (Mark(OLD_PROVED),), Wait.WORKERS),
    "and its ordinal comes back anew": (
        pods(marked(OLD_PROVED), OLD_B, keep=2, replacing=1),
        (DeleteMarked(marked(OLD_PROVED)),),
        Wait.SETTLING,
    ),
    "where a new one is not yet proved, no old one is asked": (pods(A, OLD_B, keep=2, replacing=0), (), Wait.NOTHING),
    "but one that is not ready serves nobody": (
        pods(A, OLD_BROKEN, keep=2, replacing=0),
        (Ask(OLD_BROKEN, DrainReason.ROLLOUT),),
        Wait.WORKERS,
    ),
    "a rollout that has to wait takes its request back": (
        pods(OLD_ASKED, OLD_B, keep=2, replacing=None),
        (Cancel(OLD_ASKED),),
        Wait.NOTHING,
    ),
    "as one does whose revision is wanted again": (
        pods(pod(0, BUSY, ROLLED), B, keep=2, replacing=1),
        (Cancel(pod(0, BUSY, ROLLED)),),
        Wait.NOTHING,
    ),
    "a rollout goes on while the set shrinks": (
        pods(OLD_A, OLD_B, OLD_C, keep=2, replacing=1),
        (Ask(OLD_C, DrainReason.SCALE_DOWN), Ask(OLD_A, DrainReason.ROLLOUT)),
        Wait.WORKERS,
    ),
    "whose node goes is asked to leave, whatever its place": (
        pods(EVACUATED, B, keep=2),
        (Ask(EVACUATED, DrainReason.NODE),),
        Wait.WORKERS,
    ),
    "and comes back elsewhere": (
        pods(EVACUATED_MARKED, B, keep=2),
        (DeleteMarked(EVACUATED_MARKED),),
        Wait.SETTLING,
    ),
    "over the time, Wait goes on waiting": (pods(A, B, LATE, keep=2), (), Wait.WORKERS),
    "over the time, Requeue and Kill mark without a proof": (
        pods(A, B, LATE, keep=2, force=Force.EVERYBODY),
        (Mark(LATE, forced=True),),
        Wait.WORKERS,
    ),
    "a deleted pool does not wait for who says nothing": (
        pods(A, B, SILENT, keep=2, force=Force.SILENT),
        (Mark(SILENT, forced=True),),
        Wait.WORKERS,
    ),
    "who can only be told by SIGTERM is asked for nothing else": (
        pods(PATIENT, keep=0, warm=True),
        (Mark(PATIENT, DrainReason.SCALE_DOWN, warm=True),),
        Wait.WORKERS,
    ),
    "Kill cuts the goodbye short": (
        pods(A, B, LEAVING, keep=2, replicas=2, kills=True),
        (Hasten(LEAVING),),
        Wait.SETTLING,
    ),
}


ROOM: dict[str, tuple[Child, int, set[str], int]] = {
    "where all serve, as many may leave as may be out": (pods(OLD_A, OLD_B, keep=2), 1, {"w-0", "w-1"}, 1),
    "one that is on its way out is one of them": (pods(OLD_ASKED, OLD_B, keep=2), 1, {"w-1"}, 1),
    "a successor that does not serve yet is out": (pods(A, OLD_B, keep=2), 1, {"w-1"}, 0),
    "so is a place without a pod": (pods(OLD_B, keep=2, replicas=2), 1, {"w-1"}, 0),
    "two may be out, and one is": (pods(A, OLD_B, OLD_C, keep=3), 2, {"w-1", "w-2"}, 1),
    "what is above the wanted number serves nobody": (pods(OLD_A, OLD_B, C, keep=2), 1, {"w-0", "w-1", "w-2"}, 1),
}


@pytest.mark.parametrize("case", ROOM, ids=lambda case: case)
def test_replaceable(case: str) -> None:
    seen, out, serving, want = ROOM[case]
    assert replaceable(seen, out, serving) == want


@pytest.mark.parametrize("case", CASES, ids=lambda case: case)
def test_plan(case: str) -> None:
    seen, want, wait = CASES[case]
    assert plan(seen) == Plan(want, wait)
