"""Who on a node that goes is asked to leave, and how many are started elsewhere first, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plans.child import Pod
from reconciler.plans.evacuation import (
    ANSWER_SECONDS,
    LEAST_PATIENCE,
    MOST_PATIENCE,
    Evacuation,
    Held,
    Prospect,
    evacuation,
    out_of_room,
    patience,
    promised,
    successors,
)
from reconciler.plans.rollout import Bounds
from reconciler.workers import Activity, WorkerState
from tests.reconciler.plans.children import NODES, pod

IDLE = WorkerState(Activity.IDLE, jobs=0, running=0)
A, B, C = (pod(name, evacuated=True) for name in "abc")
IDLE_C = replace(C, worker=IDLE)
X, Y = pod("x"), pod("y")
STARTING = pod("x", ready=False, runs=False)
ONE_MORE, ONE_LESS, TWO_MORE = Bounds(1, 0), Bounds(0, 1), Bounds(2, 0)

CASES: dict[str, tuple[tuple[Pod, ...], tuple[Pod, ...], Bounds, int, Evacuation]] = {
    "one is started before anybody is asked": ((A, B), (), ONE_MORE, 2, Evacuation(frozenset("ab"), 1)),
    "one that has not started yet replaces nobody": ((A, B), (STARTING,), ONE_MORE, 2, Evacuation(frozenset("ab"), 1)),
    "when it serves, one is asked": ((A, B), (X,), ONE_MORE, 2, Evacuation(frozenset("b"), 1)),
    "who is idle is asked first": ((A, B, IDLE_C), (X,), ONE_MORE, 3, Evacuation(frozenset("ab"), 1)),
    "who was asked serves nobody any more": (
        (B,),
        (pod("a", request=NODES, evacuated=True), X),
        ONE_MORE,
        2,
        Evacuation(frozenset("b"), 1),
    ),
    "the last one takes no more than its own place": ((B,), (X, Y), TWO_MORE, 2, Evacuation(frozenset(), 1)),
    "where one may be missing, one is asked": ((A, B), (), ONE_LESS, 2, Evacuation(frozenset("b"), 0)),
    "who is not ready is missed by nobody": (
        (replace(A, ready=False), B),
        (),
        ONE_MORE,
        2,
        Evacuation(frozenset("b"), 1),
    ),
    "more serve than are wanted": ((A, B, C), (), ONE_MORE, 1, Evacuation(frozenset("c"), 1)),
    "nobody is wanted": ((A, B), (), ONE_MORE, 0, Evacuation(frozenset(), 0)),
    "nobody is to leave": ((), (X, Y), ONE_MORE, 2, Evacuation(frozenset(), 0)),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case)
def test_evacuation(case: str) -> None:
    leaving, others, limits, wanted, want = CASES[case]
    assert evacuation(leaving, (*leaving, *others), limits, wanted) == want


@pytest.mark.parametrize("limits", [ONE_MORE, TWO_MORE, ONE_LESS, Bounds(0, 2), Bounds(3, 1)])
@pytest.mark.parametrize("size", range(1, 7))
def test_never_fewer_serve_than_may_and_all_leave(size: int, limits: Bounds) -> None:
    """Played to the end, with successors that start at once."""
    pods = [pod(f"old-{number}", evacuated=True) for number in range(size)]
    for round_ in range(4 * size):
        leaving = [one for one in pods if one.evacuated]
        if not leaving:
            break
        found = evacuation(leaving, pods, limits, size)
        asked = [one for one in leaving if one.uid not in found.held]
        stay = [one for one in pods if one not in asked]
        assert len(stay) >= size - limits.unavailable
        born = [pod(f"new-{round_}-{number}") for number in range(size + found.surge - len(stay))]
        pods = [*stay, *born]
        assert len(pods) <= size + limits.surge
    assert not [one for one in pods if one.evacuated], "every worker has left its node"


@pytest.mark.parametrize(
    ("startup", "prospect", "want"),
    [
        (2, Prospect.STARTING, LEAST_PATIENCE),
        (45, Prospect.STARTING, 90),
        (3600, Prospect.STARTING, MOST_PATIENCE),
        (2, Prospect.NODE_COMES, MOST_PATIENCE),
        (3600, Prospect.UNDECIDED, ANSWER_SECONDS),
        (3600, Prospect.NO_ROOM, 0),
    ],
)
def test_patience(startup: float, prospect: Prospect, want: float) -> None:
    assert patience(startup, prospect) == want


REFUSED = pod("x", ready=False, runs=False, scheduled=False, refused=True)

SUCCESSORS: dict[str, tuple[tuple[Pod, ...], bool]] = {
    "none is there yet": ((), False),
    "one starts": ((STARTING,), False),
    "one is not placed yet": ((replace(REFUSED, refused=False),), False),
    "no node has room for one": ((REFUSED,), True),
    "one starts, another has no room": ((replace(STARTING, uid="y"), REFUSED), False),
    "one serves, another has no room": ((Y, REFUSED), True),
    "one without room is gone": ((replace(REFUSED, terminating=True),), False),
    "one without room is to leave itself": ((replace(REFUSED, request=NODES),), False),
}


@pytest.mark.parametrize("case", SUCCESSORS, ids=lambda case: case)
def test_whether_there_is_no_room_for_successors(case: str) -> None:
    others, want = SUCCESSORS[case]
    assert out_of_room(successors((A, B), (A, B, *others)), failing=False) is want


@pytest.mark.parametrize(("coming", "want"), [((), True), ((STARTING,), False)])
def test_where_no_pod_can_be_made_those_that_were_made_still_come(coming: tuple[Pod, ...], want: bool) -> None:
    assert out_of_room(coming, failing=True) is want


@pytest.mark.parametrize(
    ("words", "want"),
    [
        ([], Prospect.UNDECIDED),
        ([Prospect.UNDECIDED], Prospect.UNDECIDED),
        ([Prospect.NO_ROOM], Prospect.NO_ROOM),
        ([Prospect.NO_ROOM, Prospect.UNDECIDED], Prospect.UNDECIDED),
        ([Prospect.NO_ROOM, Prospect.NODE_COMES], Prospect.NODE_COMES),
    ],
)
def test_what_autoscalers_say_of_several(words: list[Prospect], want: Prospect) -> None:
    assert promised(words) is want


AB, SOLE_B = frozenset("ab"), frozenset("b")
STARTUP = 60.0

STEPS: dict[str, tuple[list[tuple[float, frozenset[str], Prospect]], float]] = {
    "they wait for two start-ups": ([(10, AB, Prospect.STARTING)], 130),
    "looking again changes nothing": ([(10, AB, Prospect.STARTING), (50, AB, Prospect.STARTING)], 130),
    "when one could be asked, the others wait anew": (
        [(10, AB, Prospect.STARTING), (50, SOLE_B, Prospect.STARTING)],
        170,
    ),
    "from when no node has room, for the autoscaler's answer": (
        [(10, AB, Prospect.STARTING), (12, AB, Prospect.UNDECIDED)],
        12 + ANSWER_SECONDS,
    ),
    "a node comes": ([(10, AB, Prospect.UNDECIDED), (20, AB, Prospect.NODE_COMES)], 10 + MOST_PATIENCE),
    "from when it has come, for the start on it": (
        [(10, AB, Prospect.UNDECIDED), (20, AB, Prospect.NODE_COMES), (200, AB, Prospect.STARTING)],
        320,
    ),
    "whatever changes, no longer than that altogether": (
        [(10, AB, Prospect.NODE_COMES), (600, AB, Prospect.STARTING)],
        10 + MOST_PATIENCE,
    ),
    "the autoscaler adds none": ([(10, AB, Prospect.UNDECIDED), (20, AB, Prospect.NO_ROOM)], 20),
}


@pytest.mark.parametrize("case", STEPS, ids=lambda case: case)
def test_until_when_they_are_held(case: str) -> None:
    steps, want = STEPS[case]
    held = Held()
    for now, uids, prospect in steps:
        held = held.seen(uids, prospect, now)
    assert held.ends(STARTUP) == want
