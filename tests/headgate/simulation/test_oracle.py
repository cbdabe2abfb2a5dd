from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.simulation import oracle, work
from headgate.simulation.laws import Headgate
from headgate.simulation.run import run
from headgate.simulation.settings import Settings
from headgate.simulation.work import Trace


def pool(target: float, minimum: int = 0, **more: float) -> Settings:
    return Settings(max_replicas=100, min_replicas=minimum, target=target, startup=more.get("startup", 30.0))


@pytest.mark.parametrize(
    ("jobs", "target", "want"),
    [
        pytest.param([(0.0, 100.0)], 60.0, 130, id="one job costs its length and a start-up"),
        pytest.param([(0.0, 50.0), (0.0, 50.0)], 0.0, 160, id="two jobs that may not wait take two pods"),
        pytest.param([(0.0, 50.0)] * 4, 150.0, 230, id="four that may wait take one"),
        pytest.param([(0.0, 10.0), (20.0, 10.0)], 0.0, 60, id="a gap shorter than a start-up is kept"),
        pytest.param([(0.0, 10.0), (100.0, 10.0)], 0.0, 80, id="a longer one is not"),
        pytest.param([], 10.0, 0, id="nothing to do costs nothing"),
    ],
)
def test_the_cost_of_knowing(jobs: list[tuple[float, float]], target: float, want: float) -> None:
    assert oracle.pod_seconds(Trace(jobs, 300.0), pool(target)) == pytest.approx(want)


def test_the_bound_charges_for_parts_of_pods() -> None:
    trace = Trace([(0.0, 50.0)], 300.0)
    assert oracle.bound(trace, pool(50.0)) == pytest.approx(80), "half a pod for 100 s, and a start-up"
    assert oracle.pod_seconds(trace, pool(50.0)) == pytest.approx(80), "a whole one for 50 s, and a start-up"


def test_the_minimum_is_paid_for_without_a_start() -> None:
    assert oracle.pod_seconds(Trace([], 100.0), pool(10.0, minimum=2)) == 200


def test_a_burst_is_spread_over_the_target() -> None:
    capacity = oracle.capacity(Trace([(0.0, 10.0)] * 12, 200.0), 110.0)
    assert max(capacity) == pytest.approx(1.0, abs=0.1), "120 slot-seconds within 120 s"


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1000), st.floats(0.1, 2), st.floats(1, 60))
def test_no_capacity_is_wasted_or_missing(seed: int, rate: float, patience: float) -> None:
    trace = work.poisson(work.constant(rate), work.exponential(2), 300, seed)
    done, due = oracle.curves(trace, patience)
    sofar = 0.0
    for second, slots in enumerate(oracle.capacity(trace, patience)):
        assert slots >= -1e-9
        sofar += slots
        assert due[second + 1] - 1e-6 <= sofar <= done[second + 1] + 1e-6


def test_nobody_beats_the_oracle() -> None:
    own = pool(20.0, minimum=1, startup=15.0)
    trace = work.poisson(work.sine(0, 5, 900), work.exponential(2), 1800, seed=4)
    assert run(trace, own, Headgate).pod_seconds > oracle.pod_seconds(trace, own)
