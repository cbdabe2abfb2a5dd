from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plans import damping

POLL = 2.0


def played(samples: list[tuple[float, int]], current: int, startup: float = 30.0) -> list[int]:
    """The numbers served with while `samples` of (seconds, wanted) are taken every 2 s, one entry a sample."""
    window, clock, served = damping.seeded(0, current), 0.0, []
    for seconds, wanted in samples:
        for _ in range(round(seconds / POLL)):
            clock += POLL
            current, window = damping.damp(window, clock, current, wanted, startup)
            served.append(current)
    return served


@dataclass(frozen=True)
class Case:
    samples: list[tuple[float, int]]
    want_last: int
    current: int = 10
    startup: float = 30.0


CASES = {
    "growth passes at once": Case([(2, 25)], 25),
    "a smaller number waits three start-up times": Case([(90, 2)], 10),
    "then the pool comes within a tenth, or one": Case([(94, 2)], 3),
    "and after 300 s follows": Case([(304, 2)], 2),
    "a tenth of many is more than one": Case([(94, 40)], 44, current=100),
    "nothing wanted for three start-up times is nothing": Case([(94, 0)], 0),
    "a quick start still waits a minute": Case([(60, 0)], 10, startup=1),
    "a quick start waits no more than a minute": Case([(64, 0)], 0, startup=1),
    "a slow start waits no longer than 300 s": Case([(304, 0)], 0, startup=600),
    "one sample of need in the window keeps the pool": Case([(88, 2), (2, 10), (88, 2)], 10),
    "the shorter need of the last minutes keeps a part": Case([(40, 6), (100, 2)], 3),
    "the long window gives the pool back slowly": Case([(100, 8), (100, 2)], 3),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_damped(case: Case) -> None:
    assert played(case.samples, case.current, case.startup)[-1] == case.want_last


@pytest.mark.parametrize(
    ("current", "wanted", "want"),
    [(10, 9, 10), (10, 8, 8), (20, 18, 20), (20, 17, 17), (5, 4, 4), (5, 6, 6), (5, 5, 5), (1, 0, 0), (0, 0, 0)],
)
def test_dead_band(current: int, wanted: int, want: int) -> None:
    assert damping.dead_band(current, wanted) == want


def test_a_gap_starts_the_window_again() -> None:
    _, window = damping.damp(damping.seeded(0, 2), 2.0, 2, 0, 30)
    after_gap, _ = damping.damp(window, 600.0, 2, 0, 30)
    assert after_gap == 2


def test_equal_samples_make_one_run() -> None:
    window = damping.seeded(0, 3)
    for clock in range(1, 500):
        window = window.add(float(clock), 3 if clock < 250 else 4)
    assert len(window.runs) == 2


@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.integers(0, 50), st.floats(0, 200))
def test_serves_with_at_least_what_is_wanted_and_never_more_than_was(
    wanted: list[int], current: int, startup: float
) -> None:
    window, clock = damping.seeded(0, current), 0.0
    highest = current
    for number in wanted:
        clock += POLL
        served, window = damping.damp(window, clock, current, number, startup)
        highest = max(highest, number)
        assert number <= served <= max(current, number) <= highest
        current = served
