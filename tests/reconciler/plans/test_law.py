from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plans import law
from reconciler.plans.law import Ask, Load, Supply, Target, Why

STEADY = Load(waiting=0, running=20, arrivals=10.0, service=2.0)
TEN_SECONDS = Target(10.0, 95)
READY = Supply(ready=25, startup=30.0)


@pytest.mark.parametrize(
    ("load", "supply", "target", "want"),
    [
        pytest.param(Load(0, 0, 0.0, 2.0), READY, TEN_SECONDS, Ask(0, Why.STAFFING), id="nothing to do"),
        pytest.param(STEADY, READY, TEN_SECONDS, Ask(21, Why.STAFFING, 20.0), id="patience needs little more"),
        pytest.param(STEADY, READY, Target(0.1, 95), Ask(28, Why.STAFFING, 20.0), id="a tight target needs more"),
        pytest.param(STEADY, READY, Target(0.1, 50), Ask(23, Why.STAFFING, 20.0), id="half of them need less"),
        pytest.param(
            replace(STEADY, cv2=10.0), READY, TEN_SECONDS, Ask(23, Why.STAFFING, 20.0), id="uneven jobs need more"
        ),
        pytest.param(
            replace(STEADY, waiting=1),
            READY,
            TEN_SECONDS,
            Ask(21, Why.STAFFING, 20.0),
            id="a free slot takes what waits",
        ),
        pytest.param(
            replace(STEADY, waiting=500),
            READY,
            Target(60.0, 95),
            Ask(20 + 425 * 2 / 30, Why.CATCHING_UP, 20.0),
            id="what still waits after the start-up is worked off in the rest of the target",
        ),
        pytest.param(
            replace(STEADY, waiting=500),
            replace(READY, coming=(0.0, 15.0, 40.0), concurrency=4.0),
            Target(60.0, 95),
            Ask(20 + (425 - 4 * (15 + 30) / 2) * 2 / 30, Why.CATCHING_UP, 20.0),
            id="pods on their way count for what they can still work",
        ),
        pytest.param(
            replace(STEADY, waiting=500),
            READY,
            Target(60.0, 95, catch_up=120.0),
            Ask(20 + 425 * 2 / 120, Why.CATCHING_UP, 20.0),
            id="a catch-up time",
        ),
        pytest.param(
            Load(8, 0, 0.0, 600.0), Supply(0, 30.0), TEN_SECONDS, Ask(8, Why.IN_SIGHT), id="no more slots than jobs"
        ),
        pytest.param(
            Load(0, 20, 1 / 60, 1200.0),
            Supply(20, 30.0),
            Target(60.0, 95),
            Ask(20, Why.IN_SIGHT, 20.0),
            id="long jobs to come need no slot before they come, where one is in time for them then",
        ),
        pytest.param(
            Load(0, 20, 1 / 60, 1200.0),
            Supply(20, 60.0),
            Target(60.0, 95),
            Ask(20 + 90 / 60, Why.IN_SIGHT, 20.0),
            id="where it would be late, they do",
        ),
        pytest.param(
            Load(0, 0, 1 / 120, 5.0),
            Supply(1, 15.0),
            Target(60.0, 95),
            Ask(0, Why.IN_SIGHT, 5 / 120),
            id="less than one job in sight, and time to start for it",
        ),
        pytest.param(
            Load(0, 0, 1 / 120, 5.0),
            Supply(1, 15.0),
            Target(18.0, 95),
            Ask(24 / 120, Why.IN_SIGHT, 5 / 120),
            id="and no time to",
        ),
        pytest.param(Load(8, 3), READY, TEN_SECONDS, Ask(11, Why.UNKNOWN_SERVICE), id="one slot a job while unknown"),
    ],
)
def test_slots(load: Load, supply: Supply, target: Target, want: Ask) -> None:
    found = law.ask(load, supply, target)
    assert (found.slots, found.busy) == pytest.approx((want.slots, want.busy))
    assert found.why == want.why


@pytest.mark.parametrize(
    ("target", "startup", "want"),
    [(10.0, 2.0, 8.0), (10.0, 9.0, 5.0), (10.0, 30.0, 5.0), (1.0, 30.0, 4.0), (60.0, 15.0, 45.0)],
)
def test_horizon(target: float, startup: float, want: float) -> None:
    assert Target(target, 95).horizon(startup) == want


def test_two_streams_make_one() -> None:
    both = Load(1, 2, 3.0, 1.0, 0.0) + Load(4, 5, 1.0, 5.0, 0.0)
    assert (both.waiting, both.running, both.arrivals, both.service) == (5, 7, 4.0, 2.0)
    assert both.cv2 == pytest.approx(0.75), "jobs of 1 s and of 5 s are uneven together"


def test_a_stream_without_a_service_time_hides_that_of_both() -> None:
    assert (STEADY + Load(1, 0)).service is None


loads = st.builds(
    Load,
    waiting=st.integers(0, 10_000),
    running=st.integers(0, 1000),
    arrivals=st.floats(0, 100),
    service=st.none() | st.floats(0, 3600),
    cv2=st.floats(0, 100),
)
supplies = st.builds(
    Supply,
    ready=st.integers(0, 1000),
    startup=st.floats(0, 600),
    coming=st.lists(st.floats(0, 1200), max_size=5).map(tuple),
    concurrency=st.integers(1, 100),
)
targets = st.builds(Target, st.floats(0.001, 3600), st.integers(50, 99), st.none() | st.floats(1, 3600))


@given(loads, supplies, targets, st.integers(1, 1000))
def test_more_waiting_never_means_fewer(load: Load, supply: Supply, target: Target, more: int) -> None:
    grown = replace(load, waiting=load.waiting + more)
    assert law.ask(grown, supply, target).slots >= law.ask(load, supply, target).slots - 1e-9


@given(loads, supplies, targets, st.floats(0, 10))
def test_more_arrivals_never_mean_fewer(load: Load, supply: Supply, target: Target, more: float) -> None:
    grown = replace(load, arrivals=load.arrivals + more)
    assert law.ask(grown, supply, target).slots >= law.ask(load, supply, target).slots * (1 - 1e-9)


@given(loads, supplies, targets, st.integers(1, 100))
def test_more_supply_never_means_more(load: Load, supply: Supply, target: Target, more: int) -> None:
    richer = replace(supply, ready=supply.ready + more)
    assert law.ask(load, richer, target).slots <= law.ask(load, supply, target).slots + 1e-9


@given(loads, supplies, targets)
def test_a_job_that_waits_always_asks_for_something(load: Load, supply: Supply, target: Target) -> None:
    if load.waiting > 0:
        assert law.ask(load, supply, target).slots > 0
