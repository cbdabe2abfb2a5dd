"""Who on a node that goes is asked to leave, and how many are started elsewhere first, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plans.child import Pod
from reconciler.plans.evacuation import LEAST_PATIENCE, MOST_PATIENCE, Evacuation, evacuation, patience
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


@pytest.mark.parametrize(("startup", "want"), [(2, LEAST_PATIENCE), (45, 90), (3600, MOST_PATIENCE)])
def test_patience(startup: float, want: float) -> None:
    assert patience(startup) == want
