"""Arrival patterns: the right number of jobs, at the right times, the same for the same seed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.load import patterns
from examples.load.patterns import PatternError

TEXTS = st.sampled_from([*patterns.SHAPES, "burst+sine", "2*sine+burst", "constant + ramp"])


# The time of one example is the number of its jobs, and that of a busy machine.
@settings(deadline=None)
@given(text=TEXTS, jobs=st.integers(0, 300), duration=st.floats(0.1, 1000), seed=st.integers(0, 1000))
def test_exactly_so_many_jobs_arrive_in_order_and_in_time(text: str, jobs: int, duration: float, seed: int) -> None:
    times = patterns.arrivals(patterns.parse(text), jobs, duration, seed)
    assert len(times) == jobs
    assert all(0 <= before <= after <= duration for before, after in itertools.pairwise(times))
    assert times == patterns.arrivals(patterns.parse(text), jobs, duration, seed)


@pytest.mark.parametrize("name", patterns.SHAPES)
def test_every_shape_has_the_mean_one(name: str) -> None:
    cells = 100_000
    mean = sum(patterns.SHAPES[name]((i + 0.5) / cells) for i in range(cells)) / cells
    assert mean == pytest.approx(1, abs=0.001)


PARTS = {
    "constant: the same everywhere": ("constant", (0.25, 0.25, 0.25, 0.25)),
    "step: a sixth in the first half": ("step", (1 / 12, 1 / 12, 5 / 12, 5 / 12)),
    "ramp: more and more": ("ramp", (1 / 16, 3 / 16, 5 / 16, 7 / 16)),
    "burst: in the first and third quarter only": ("burst", (0.5, 0.0, 0.5, 0.0)),
    "half a burst, half of it constant": ("burst+constant", (0.375, 0.125, 0.375, 0.125)),
    "weights count": ("3*constant+burst", (0.3125, 0.1875, 0.3125, 0.1875)),
}


@pytest.mark.parametrize(("text", "want_quarters"), PARTS.values(), ids=PARTS)
def test_jobs_arrive_where_the_pattern_says(text: str, want_quarters: tuple[float, ...]) -> None:
    jobs = 20_000
    times = patterns.arrivals(patterns.parse(text), jobs, 4.0, seed=1)
    quarters = [sum(quarter <= time < quarter + 1 for time in times) / jobs for quarter in range(4)]
    assert quarters == pytest.approx(want_quarters, abs=0.02)


@pytest.mark.parametrize("text", ["", "waves", "burst+", "0*sine", "-1*sine", "nan*sine", "x*sine", "2*"])
def test_what_is_no_pattern_is_refused_with_the_ones_there_are(text: str) -> None:
    with pytest.raises(PatternError, match=r"constant, step, burst, sine, ramp|a number above 0"):
        patterns.parse(text)
