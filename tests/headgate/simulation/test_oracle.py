from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.simulation import oracle, work
from headgate.simulation.laws import Headgate
from headgate.simulation.run import run
from headgate.simulation.settings import QueueSettings, Settings
from headgate.simulation.work import Arrival, Trace
from reconciler.plans import schedules
from reconciler.plans.facts import Rate


def pool(target: float, minimum: int = 0, **more: float) -> Settings:
    return queues(QueueSettings(target=target), minimum=minimum, startup=more.get("startup", 30.0))


def queues(*own: QueueSettings, minimum: int = 0, startup: float = 30.0) -> Settings:
    return Settings(max_replicas=100, min_replicas=minimum, queues=own, startup=startup)


def trace(*jobs: tuple[float, float] | tuple[float, float, int], duration: float = 300.0) -> Trace:
    return Trace([Arrival(*job) for job in jobs], duration)


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
    assert oracle.pod_seconds(trace(*jobs), pool(target)) == pytest.approx(want)


def test_the_bound_charges_for_parts_of_pods() -> None:
    one = trace((0.0, 50.0))
    assert oracle.bound(one, pool(50.0)) == pytest.approx(80), "half a pod for 100 s, and a start-up"
    assert oracle.pod_seconds(one, pool(50.0)) == pytest.approx(80), "a whole one for 50 s, and a start-up"


def test_the_minimum_is_paid_for_without_a_start() -> None:
    assert oracle.pod_seconds(trace(duration=100.0), pool(10.0, minimum=2)) == 200


def test_a_burst_is_spread_over_the_target() -> None:
    capacity = oracle.capacity(trace(*[(0.0, 10.0)] * 12, duration=200.0), pool(110.0))
    assert max(capacity) == pytest.approx(1.0, abs=0.1), "120 slot-seconds within 120 s"


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1000), st.floats(0.1, 2), st.floats(1, 60))
def test_no_capacity_is_wasted_or_missing(seed: int, rate: float, patience: float) -> None:
    load, own = work.poisson(work.constant(rate), work.exponential(2), 300, seed), pool(patience)
    done, due = oracle.curves(load, own)
    sofar = 0.0
    for second, slots in enumerate(oracle.capacity(load, own)):
        assert slots >= -1e-9
        sofar += slots
        assert due[second + 1] - 1e-6 <= sofar <= done[second + 1] + 1e-6


def test_nobody_beats_the_oracle() -> None:
    own = pool(20.0, minimum=1, startup=15.0)
    load = work.poisson(work.sine(0, 5, 900), work.exponential(2), 1800, seed=4)
    assert run(load, own, Headgate).pod_seconds > oracle.pod_seconds(load, own)


def test_queues_share_the_capacity_each_within_its_own_target() -> None:
    """Half of a slot does the urgent job within 100 s, and the patient one within 200."""
    both = queues(QueueSettings("urgent", target=50.0), QueueSettings("patient", target=150.0))
    jobs = ((0.0, 50.0, 0), (0.0, 50.0, 1))
    done, due = oracle.curves(trace(*jobs), both)
    assert (done[50], due[50], due[100], due[200]) == (100.0, 0.0, 50.0, 100.0)
    assert oracle.bound(trace(*jobs), both) == pytest.approx(130), "half a pod for 200 s, and a start-up"


def test_the_oracle_keeps_the_rate_limit() -> None:
    limited = queues(QueueSettings(target=0.0, rate=Rate(1, 100.0, "100s")))
    jobs = [(0.0, 10.0)] * 2
    assert oracle.pod_seconds(trace(*jobs), limited) == pytest.approx(80), "the second begins after 100 s"
    assert oracle.pod_seconds(trace(*jobs), pool(0.0)) == pytest.approx(80), "two pods at once"
    assert max(oracle.capacity(trace(*jobs), limited)) == pytest.approx(1.0)


def test_jobs_of_a_paused_queue_cost_nothing() -> None:
    assert oracle.pod_seconds(trace((0.0, 10.0)), queues(QueueSettings(target=10.0, paused=True))) == 0


def test_the_minimum_of_a_schedule_is_paid_for() -> None:
    nine = schedules.of_spec({"name": "nine", "schedule": "0 0 * * *", "duration": "2m", "minReplicas": 9})
    own = replace(pool(10.0), schedules=(nine,))
    assert oracle.pod_seconds(trace(), own) == 9 * (120 + 30), "two minutes and a start-up each"
