from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from reconciler.plans import pacing
from reconciler.plans.behavior import DOWN, UP, Behavior, Policy, PolicyType, Rules, Select
from reconciler.plans.damping import Window
from reconciler.plans.history import Change


def pods(value: int, period: float = 60.0) -> Policy:
    return Policy(PolicyType.PODS, value, period)


def percent(value: int, period: float = 60.0) -> Policy:
    return Policy(PolicyType.PERCENT, value, period)


def up(*policies: Policy, window: float = 0.0, select: Select = Select.MAX) -> Behavior:
    return Behavior(up=Rules(window, policies or UP.policies, select), down=DOWN)


def down(*policies: Policy, window: float = 0.0, select: Select = Select.MAX) -> Behavior:
    return Behavior(up=UP, down=Rules(window, policies or DOWN.policies, select))


@dataclass(frozen=True)
class Case:
    """At 1,000 s; `wanted_before` and `changed` are numbers by how many seconds ago."""

    behavior: Behavior
    current: int
    wanted: int
    want: int
    wanted_before: dict[float, int] = field(default_factory=dict)
    changed: dict[float, int] = field(default_factory=dict)


CASES = {
    "growth by default: 4 pods": Case(Behavior(), 1, 50, 5),
    "growth by default: from nothing": Case(Behavior(), 0, 50, 4),
    "growth by default: 100 percent": Case(Behavior(), 10, 50, 20),
    "growth by default: what was added in the last 15 s counts": Case(Behavior(), 20, 50, 20, changed={10: 10}),
    "growth by default: what was added before does not": Case(Behavior(), 20, 50, 40, changed={15: 10}),
    "growth: what was removed in the period may be added again": Case(up(pods(4)), 10, 50, 19, changed={30: -5}),
    "growth: no less than there is": Case(up(pods(4)), 20, 50, 20, changed={30: 10}),
    "growth: the larger policy": Case(up(pods(4), percent(100)), 10, 50, 20),
    "growth: the smaller policy": Case(up(pods(4), percent(100), select=Select.MIN), 10, 50, 14),
    "growth: each policy has its own period": Case(up(pods(4, 15), pods(6, 60)), 10, 50, 14, changed={30: 4}),
    "growth: disabled": Case(up(select=Select.DISABLED), 10, 50, 10),
    "growth: part of a pod is a pod": Case(up(percent(1)), 10, 50, 11),
    "growth: in the original's floating point": Case(up(percent(10)), 100, 500, 111),
    "growth: within the policy": Case(up(pods(4)), 10, 12, 12),
    "growth: the smallest recommendation of the window": Case(
        up(pods(50), window=60), 10, 30, 15, wanted_before={70: 5, 50: 15, 30: 20}
    ),
    "growth: a window that saw less than there is keeps": Case(up(window=60), 10, 30, 10, wanted_before={30: 5}),
    "growth: the window's edge does not count": Case(up(pods(50), window=60), 10, 30, 30, wanted_before={60: 5}),
    "shrinking by default: the largest of 300 s": Case(Behavior(), 10, 2, 7, wanted_before={310: 9, 200: 7, 100: 3}),
    "shrinking by default: no more than there is": Case(Behavior(), 10, 2, 10, wanted_before={200: 30}),
    "shrinking by default: at once down to nothing, after the window": Case(Behavior(), 10, 0, 0),
    "shrinking: pods": Case(down(pods(2)), 10, 0, 8),
    "shrinking: what was removed in the period counts": Case(down(pods(2)), 8, 0, 8, changed={30: -2}),
    "shrinking: percent leaves the part rounded down": Case(down(percent(25)), 10, 0, 7),
    "shrinking: the policy that removes more": Case(down(pods(2), percent(50)), 10, 0, 5),
    "shrinking: the policy that removes less": Case(down(pods(2), percent(50), select=Select.MIN), 10, 0, 8),
    "shrinking: disabled": Case(down(select=Select.DISABLED), 10, 0, 10),
    "shrinking: no more than there is after growth in the period": Case(down(pods(2)), 10, 0, 3, changed={30: 5}),
    "nothing to change": Case(Behavior(), 10, 10, 10),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_paced(case: Case) -> None:
    window = Window()
    for ago, wanted in case.wanted_before.items():
        window = window.add(1000.0 - ago, wanted, 3600.0)
    changes = tuple(Change(1000.0 - ago, replicas) for ago, replicas in case.changed.items())
    assert pacing.paced(case.behavior, window, changes, 1000.0, case.current, case.wanted) == case.want


@pytest.mark.parametrize(
    ("current", "asked", "want"),
    [(10, 11.0, True), (10, 11.1, False), (10, 9.0, True), (10, 8.9, False), (0, 0.0, False), (10, 10.0, True)],
)
def test_tolerance_is_a_share_of_what_is_there(current: int, asked: float, want: bool) -> None:
    assert pacing.tolerated(Behavior(), current, asked) is want


def test_changes_that_no_policy_can_ask_for_are_forgotten() -> None:
    assert pacing.kept((Change(0.0, 3), Change(300.0, -1)), 1900.0) == (Change(300.0, -1),)
