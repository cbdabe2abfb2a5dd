"""How many workers each revision of a pool shall have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plans.rollout import Bounds, Revision, bounds, leading, remaining, targets, too_many

ONE = Bounds(surge=1, unavailable=0)


def make(name: str = "new", created: float = 9.0, **numbers: int | bool) -> Revision:
    return Revision(name, created, **numbers)  # type: ignore[arg-type]  # the numbers are counts, proved is the bool


STEPS = [
    pytest.param(4, ONE, make(), [], {"new": 4}, id="a first revision gets everything"),
    pytest.param(
        4, ONE, make(), [make("old", 1, replicas=4, pods=4)], {"new": 1, "old": 4}, id="a new one begins in the surge"
    ),
    pytest.param(
        4,
        ONE,
        make(replicas=1, pods=1, serving=1),
        [make("old", 1, replicas=4, pods=4)],
        {"new": 1, "old": 4},
        id="nobody leaves for one that has proved nothing",
    ),
    pytest.param(
        4,
        ONE,
        make(replicas=1, pods=1, serving=1, proved=True),
        [make("old", 1, replicas=4, pods=4)],
        {"new": 1, "old": 3},
        id="one that serves lets one leave",
    ),
    pytest.param(
        4,
        ONE,
        make(replicas=1, pods=1, serving=1, proved=True),
        [make("old", 1, replicas=3, pods=4)],
        {"new": 1, "old": 3},
        id="a pod that is still ending takes its place until it is gone",
    ),
    pytest.param(
        5,
        ONE,
        make(replicas=1, pods=1),
        [make("old", 1, replicas=3, pods=4, terminating=1)],
        {"new": 1, "old": 4},
        id="and is replaced before it is gone where its revision grows",
    ),
    pytest.param(
        6,
        ONE,
        make(replicas=1, pods=1, serving=1, proved=True),
        [make("old", 1, replicas=5, pods=5, terminating=1)],
        {"new": 1, "old": 5},
        id="which leaves no room for the new one",
    ),
    pytest.param(
        4,
        ONE,
        make(replicas=1, pods=1, serving=1, proved=True),
        [make("old", 1, replicas=3, pods=3)],
        {"new": 2, "old": 3},
        id="a place that is free goes to the new one",
    ),
    pytest.param(
        6,
        ONE,
        make(replicas=1, pods=1),
        [make("old", 1, replicas=4, pods=4)],
        {"new": 1, "old": 6},
        id="growth before the proof goes to the old one, and no further than the surge",
    ),
    pytest.param(
        6,
        ONE,
        make(replicas=5, pods=5, serving=5),
        [make("old", 1, replicas=1, pods=1)],
        {"new": 5, "old": 2},
        id="a proof that cannot be seen any more starts no more than the surge",
    ),
    pytest.param(
        2,
        ONE,
        make(replicas=1, pods=1, serving=1, proved=True),
        [make("older", 1, replicas=1, pods=1), make("old", 2, replicas=1, pods=1)],
        {"new": 1, "old": 1, "older": 0},
        id="the oldest revision leaves first",
    ),
    pytest.param(
        0,
        ONE,
        make(),
        [make("old", 1, replicas=2, pods=2)],
        {"new": 0, "old": 0},
        id="at zero there is nothing to keep",
    ),
    pytest.param(
        3,
        Bounds(0, 1),
        make(),
        [make("old", 1, replicas=3, pods=3)],
        {"new": 0, "old": 2},
        id="without surge one leaves first",
    ),
]


@pytest.mark.parametrize(("wanted", "limits", "current", "old", "want"), STEPS)
def test_targets(wanted: int, limits: Bounds, current: Revision, old: list[Revision], want: dict[str, int]) -> None:
    assert targets(wanted, limits, current, old) == want


def test_a_breach_keeps_the_old_ones_and_lets_the_surge_stand() -> None:
    current = make(replicas=1, pods=1, serving=1, proved=True)
    want = targets(4, ONE, current, [make("old", 1, replicas=4, pods=4)], hold=True)
    assert want == {"new": 1, "old": 4}


OLD = make("old", 1, replicas=2, pods=2, proved=True)
LEADERS = [
    pytest.param(make(), [OLD], "new", id="the revision that the spec asks for"),
    pytest.param(make(failed=True), [OLD], "old", id="the one before it, where it has failed"),
    pytest.param(
        make(failed=True),
        [make("newer", 5, replicas=1), OLD],
        "old",
        id="of several, the newest that has proved itself",
    ),
    pytest.param(
        make(failed=True),
        [make("kept", 1, proved=True)],
        "kept",
        id="also one that was kept at 0",
    ),
    pytest.param(
        make(failed=True),
        [make("young", 1, replicas=2, pods=2, serving=2)],
        "young",
        id="one that serves and has had no time to prove itself, where none has",
    ),
    pytest.param(make(failed=True), [make("untried", 1)], "new", id="itself, where there is nothing to go back to"),
    pytest.param(
        make(),
        [make(f"r{n}", n, replicas=1, pods=1) for n in range(4)],
        "r3",
        id="the newest that is alive, while too many are",
    ),
]


@pytest.mark.parametrize(("wanted", "old", "want"), LEADERS)
def test_leading(wanted: Revision, old: list[Revision], want: str) -> None:
    assert leading(wanted, old).name == want


def test_a_failed_revision_gives_its_places_back_and_the_old_one_grows_again() -> None:
    old = make("old", 1, replicas=3, pods=3, serving=3, proved=True)
    want = targets(4, ONE, old, [make(replicas=1, pods=1, failed=True)])
    assert want == {"old": 4, "new": 1}, "the failed one leaves when the old one serves enough"
    old = make("old", 1, replicas=4, pods=4, serving=4, proved=True)
    assert targets(4, ONE, old, [make(replicas=1, pods=1, failed=True)]) == {"old": 4, "new": 0}


def test_without_anything_to_start_what_has_proved_itself_stays_longest() -> None:
    old, new = make("old", 1, replicas=3, proved=True), make("new", 2, replicas=2)
    wants = {6: (3, 2), 4: (3, 1), 2: (2, 0), 0: (0, 0)}
    for wanted, (kept_old, kept_new) in wants.items():
        assert remaining(wanted, [new, old]) == {"old": kept_old, "new": kept_new}


BOUNDS = [
    pytest.param("25%", 0, 10, Bounds(3, 0), id="a percentage of surge is rounded up"),
    pytest.param(0, "25%", 10, Bounds(0, 2), id="a percentage that may be missing is rounded down"),
    pytest.param(0, "10%", 5, Bounds(0, 1), id="something can always be replaced"),
]


@pytest.mark.parametrize(("surge", "unavailable", "wanted", "want"), BOUNDS)
def test_bounds(surge: int | str, unavailable: int | str, wanted: int, want: Bounds) -> None:
    assert bounds(surge, unavailable, wanted) == want


def test_a_fifth_revision_waits() -> None:
    old = [make(f"r{n}", n, replicas=1, pods=1) for n in range(4)]
    assert too_many(make(), old)
    assert not too_many(make(), old[:3])
    assert not too_many(make(replicas=1), old)


COUNTS = st.integers(0, 12)


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.booleans(), st.integers(0, 4), st.integers(0, 4))
def test_bounds_hold(
    wanted: int, replicas: int, pods: int, serving: int, old: int, proved: bool, surge: int, unavailable: int
) -> None:
    limits = Bounds(surge, unavailable)
    current = make(replicas=min(replicas, wanted), pods=pods, serving=min(serving, pods), proved=proved)
    want = targets(wanted, limits, current, [make("old", 1, replicas=old, pods=old)])
    assert want["new"] <= wanted
    assert want["new"] <= max(current.replicas, wanted + surge - old) or not old
    if old and wanted:
        served = current.serving if proved else 0
        assert want["old"] + served >= min(old, wanted - unavailable)
        assert want["old"] <= max(old, wanted)
        assert max(want["new"], pods) + max(want["old"], old) <= max(wanted + surge, max(current.replicas, pods) + old)
