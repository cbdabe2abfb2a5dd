from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plans import damping

POLL = 2.0


def played(samples: list[tuple[float, int]], current: int, startup: float = 30.0, job: float = 0.0) -> list[int]:
    """The numbers served with while `samples` of (seconds, wanted) are taken every 2 s, one entry a sample."""
    window, clock, served = damping.seeded(0, current), 0.0, []
    for seconds, wanted in samples:
        for _ in range(round(seconds / POLL)):
            clock += POLL
            current, window = damping.damp(window, clock, current, wanted, damping.spans(startup, job))
            served.append(current)
    return served


@dataclass(frozen=True)
class Case:
    samples: list[tuple[float, int]]
    want_last: int
    current: int = 10
    startup: float = 30.0
    job: float = 0.0


CASES = {
    "growth passes at once": Case([(2, 25)], 25),
    "a smaller number waits two start-up times": Case([(60, 2)], 10),
    "then the pool comes within a tenth, or one": Case([(64, 2)], 3),
    "and after 15 minutes follows": Case([(904, 2)], 2),
    "but not before": Case([(896, 2)], 3),
    "a tenth of many is more than one": Case([(64, 40)], 44, current=100),
    "nothing wanted for two start-up times is nothing": Case([(64, 0)], 0),
    "a quick start still waits a minute": Case([(60, 1)], 10, startup=1),
    "a quick start waits no more than a minute": Case([(64, 1)], 2, startup=1),
    "a slow start waits no longer than 300 s": Case([(304, 0)], 0, startup=600),
    "a pool with a quick start is given up after half a minute": Case([(34, 0)], 0, startup=1),
    "and not before": Case([(30, 0)], 10, startup=1),
    "giving it up takes nothing for two start-up times": Case([(26, 0), (2, 1), (26, 0)], 10, startup=15),
    "one sample of need in the window keeps the pool": Case([(58, 2), (2, 10), (58, 2)], 10),
    "the shorter need of the last minutes keeps a part": Case([(40, 6), (70, 2)], 3),
    "the long window gives the pool back slowly": Case([(100, 8), (100, 2)], 3),
    "long jobs: a smaller number waits as long as two take": Case([(2396, 2)], 10, job=1200),
    "long jobs: then the pool comes near": Case([(2404, 2)], 3, job=1200),
    "long jobs: and follows after three": Case([(3604, 2)], 2, job=1200),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_damped(case: Case) -> None:
    assert played(case.samples, case.current, case.startup, case.job)[-1] == case.want_last


@pytest.mark.parametrize(
    ("current", "wanted", "want"),
    [(10, 9, 10), (10, 8, 8), (20, 18, 20), (20, 17, 17), (5, 4, 4), (5, 6, 6), (5, 5, 5), (1, 0, 0), (0, 0, 0)],
)
def test_dead_band(current: int, wanted: int, want: int) -> None:
    assert damping.dead_band(current, wanted) == want


@pytest.mark.parametrize(
    ("current", "wanted", "want"),
    [(5, 6, 5), (5, 7, 7), (50, 55, 50), (50, 56, 56), (0, 1, 1), (10, 9, 10), (10, 8, 8)],
)
def test_a_calm_pool_does_without_a_little_more(current: int, wanted: int, want: int) -> None:
    assert damping.dead_band(current, wanted, calm=True) == want


@pytest.mark.parametrize(
    ("startup", "service", "want"),
    [
        (1, 0, (30, 60, 900)),
        (45, 2, (90, 90, 900)),
        (600, 2, (300, 300, 900)),
        (30, 400, (60, 800, 1200)),
        (30, 36000, (60, 2400, 3600)),
    ],
)
def test_spans(startup: float, service: float, want: tuple[float, float, float]) -> None:
    spans = damping.spans(startup, service)
    assert (spans.idle, spans.short, spans.long) == want


def test_a_noisy_load_is_one_that_needed_clearly_fewer_in_the_last_minute() -> None:
    window = damping.seeded(0, 10).add(10.0, 6).add(12.0, 10)
    assert damping.lately_fewer(window, 60.0, 10)
    assert not damping.lately_fewer(window, 80.0, 10)


def test_a_gap_starts_the_window_again() -> None:
    _, window = damping.damp(damping.seeded(0, 2), 2.0, 2, 0, damping.spans(30))
    after_gap, _ = damping.damp(window, 600.0, 2, 0, damping.spans(30))
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
        served, window = damping.damp(window, clock, current, number, damping.spans(startup))
        highest = max(highest, number)
        assert number <= served <= max(current, number) <= highest
        current = served
