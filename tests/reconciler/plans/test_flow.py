"""Rates, service times and waits from a flow of readings, against flows whose truth is known."""

from __future__ import annotations

from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plans import flow as flows
from reconciler.plans.flow import Flow, Step, begun


def steady(seconds: float, poll: float = 2.0, flow: Flow | None = None, **per_step: float | None) -> Flow:
    """The same step, again and again."""
    flow = flow or begun(0.0, 0.0)
    for _ in range(round(seconds / poll)):
        flow = flow.stepped(flow.now.at + poll, Step(**{"age": 0.0, **per_step}))  # type: ignore[arg-type]  # counts
    return flow


def test_a_rate_is_what_came_over_the_time_it_took() -> None:
    flow = steady(200, arrived=6, completed=5)
    assert (flow.arrivals(20), flow.arrivals(120)) == (3.0, 3.0)
    assert (flow.completions(20), flow.completions(120)) == (2.5, 2.5)


def test_the_short_rate_sees_a_step_first() -> None:
    flow = steady(20, flow=steady(200, arrived=2), arrived=20)
    assert flow.arrivals(20) == 10.0
    assert flow.arrivals(120) == pytest.approx((100 * 1 + 20 * 10) / 120)


@pytest.mark.parametrize(("seconds", "want"), [(0, None), (6, None), (8, 1.0), (30, 1.0)])
def test_a_rate_needs_some_readings(seconds: float, want: float | None) -> None:
    assert steady(seconds, arrived=2).arrivals(20) == want


def test_what_is_not_counted_is_unknown_and_not_zero() -> None:
    flow = steady(100, arrived=None, completed=None)
    assert (flow.arrivals(20), flow.completions(20), flow.service(), flow.wait()) == (None, None, None, None)


def test_times_in_which_nothing_could_be_counted_are_left_out() -> None:
    flow = steady(40, arrived=4)
    flow = steady(40, flow=flow, arrived=None)
    assert flow.arrivals(20) is None
    assert steady(40, flow=flow, arrived=4).arrivals(120) == 2.0


def test_a_missed_reading_costs_nothing() -> None:
    flow = steady(20, arrived=4)
    flow = flow.stepped(flow.now.at + 60, Step(arrived=120, age=0.0))
    assert flow.arrivals(120) == 2.0


def test_what_workers_tell_late_is_settled() -> None:
    flow = begun(0.0)
    for number in range(60):
        late = 7 if number % 2 else -3
        flow = flow.stepped(flow.now.at + 1, Step(arrived=late, age=0.0))
    assert flow.arrivals(20) == pytest.approx(2.0, abs=0.4)


def test_a_broker_whose_counters_lag_is_given_the_time_they_take() -> None:
    flow = begun(0.0)
    for number in range(40):
        counted = 33 if number % 2 else -11
        flow = flow.stepped(flow.now.at + 5.5, Step(arrived=counted, age=0.0, lag=10.0))
    assert flow.arrivals(120) == pytest.approx(2.0, abs=0.1)


def test_a_queue_that_is_emptied_owes_nothing_for_long() -> None:
    flow = steady(40, arrived=4).stepped(42.0, Step(arrived=-5000, age=0.0))
    assert steady(40, flow=flow, arrived=4).arrivals(20) == 2.0


@given(st.lists(st.integers(-5, 9), min_size=1, max_size=60))
@settings(max_examples=200)
def test_counts_never_go_back(steps: list[int]) -> None:
    flow = begun(0.0)
    for arrived in steps:
        after = flow.stepped(flow.now.at + 2, Step(arrived=arrived))
        assert after.now.arrived >= flow.now.arrived
        flow = after
    assert flow.now.arrived >= sum(steps)


def test_the_length_of_a_job_is_the_time_running_over_the_runs() -> None:
    flow = steady(400, completed=1, busy=10.0, runs=1, lengths=10.0, squares=100.0)
    service = flow.service()
    assert service is not None
    assert service.seconds == pytest.approx(10.0)
    assert service.cv2 == pytest.approx(0.0)
    assert 150 <= service.runs <= 185, "of five to six minutes"


def test_long_jobs_are_looked_back_at_for_longer() -> None:
    flow = begun(0.0, 0.0)
    for number in range(1800):
        ended = int(number % 30 == 29)
        flow = flow.stepped(flow.now.at + 2, Step(completed=ended, busy=2.0, age=0.0))
    service = flow.service()
    assert service is not None
    assert service.seconds == pytest.approx(60.0, rel=0.05)
    assert 25 <= service.runs <= 31, "of half an hour"


def test_few_runs_say_nothing() -> None:
    assert steady(8, completed=1, busy=1.0).service() is None
    assert steady(10, completed=1, busy=1.0).service() is not None


def test_the_spread_of_lengths_is_measured() -> None:
    rng = Random(7)
    flow = begun(0.0, 0.0)
    for _ in range(2000):
        length = rng.expovariate(1 / 5)
        step = Step(completed=1, busy=length, runs=1, lengths=length, squares=length**2, age=0.0)
        flow = flow.stepped(flow.now.at + 0.9, step)
    service = flow.service()
    assert service is not None
    assert service.seconds == pytest.approx(5.0, rel=0.15)
    assert service.cv2 == pytest.approx(1.0, abs=0.4)


def test_a_wait_is_judged_by_the_oldest_job_and_weighted_by_who_started() -> None:
    flow = begun(0.0, 0.0)
    for age, started in [(0.0, 90), (4.0, 6), (30.0, 4), (30.0, 0)]:
        flow = flow.stepped(flow.now.at + 2, Step(started=started, age=age))
    assert flow.wait() == 4.0
    assert flow.wait(99) == 30.0


def test_without_an_age_a_wait_is_unknown() -> None:
    assert begun(0.0).stepped(2.0, Step(started=3)).wait() is None


def test_what_is_remembered_is_bounded() -> None:
    flow = steady(7200, poll=1.0, arrived=1, completed=1, busy=1.0)
    assert len(flow.recent) <= 63
    assert len(flow.past) <= 31
    assert flow.arrivals(120) == pytest.approx(1.0)


def test_a_queue_at_rest_is_remembered_by_two_marks() -> None:
    flow = steady(3600, poll=1.0, arrived=0, completed=0)
    assert len(flow.recent) == 2
    assert flow.watched == pytest.approx(3600.0, abs=2.0)
    assert (flow.arrivals(20), flow.completions(120)) == (0.0, 0.0)


def test_a_rate_begins_within_a_time_of_rest() -> None:
    flow = steady(600, arrived=0, completed=0)
    flow = flow.stepped(flow.now.at + 2, Step(arrived=30, completed=0, age=0.0))
    assert flow.arrivals(20) == 1.5
    assert flow.arrivals(60) == 0.5


def test_what_was_not_counted_is_left_out_of_a_time_of_rest() -> None:
    flow = steady(40, flow=steady(40, flow=steady(40, arrived=0), arrived=None), arrived=0)
    assert flow.now.counted == 80.0
    assert flow.stepped(flow.now.at + 2, Step(arrived=82, age=0.0)).arrivals(120) == 82 / 80


stretches = st.tuples(st.sampled_from([(0, 0), (0, 0), (None, 0), (0, None), (3, 1), (0, 2)]), st.integers(1, 30))


@given(st.lists(stretches, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_rates_and_waits_are_those_of_all_marks(pattern: list[tuple[tuple[int | None, int | None], int]]) -> None:
    few = many = begun(0.0, 0.0)
    for (arrived, completed), times in pattern:
        for _ in range(times):
            step = Step(arrived=arrived, completed=completed, started=completed, age=0.0)
            few = few.stepped(few.now.at + 2, step)
            with patch.object(flows, "_idle", lambda *_: False):
                many = many.stepped(many.now.at + 2, step)
            for seconds in (20, 60, 120):
                assert few.arrivals(seconds) == pytest.approx(many.arrivals(seconds))
                assert few.completions(seconds) == pytest.approx(many.completions(seconds))
            assert few.waits() == many.waits()
            assert few.watched == pytest.approx(many.watched)


def test_the_oldest_age_follows_from_counts_where_jobs_do_not_tell_it() -> None:
    """2 jobs a second come, and the 40 that wait came within the last 20 s."""
    flow = begun(0.0)
    for poll in range(1, 71):
        flow = flow.stepped(2.0 * poll, Step(arrived=4, completed=4, started=4, waiting=40 if poll > 20 else 0))
    assert flow.now.age == pytest.approx(20.0, abs=2.0)
    wait = flow.wait()
    assert wait is not None
    assert 19 <= wait <= 23
    assert not flow.counts_waits


def test_a_wait_longer_than_remembered_is_unknown() -> None:
    flow = begun(0.0)
    for poll in range(1, 61):
        flow = flow.stepped(2.0 * poll, Step(arrived=4, started=4, waiting=1000))
    assert flow.now.age is None
    assert flow.wait() is None


def test_waits_that_workers_count_are_believed() -> None:
    flow = begun(0.0)
    for poll in range(1, 61):
        flow = flow.stepped(2.0 * poll, Step(arrived=4, started=4, age=500.0, waits={0: 4}))
    assert flow.counts_waits
    assert flow.wait() == pytest.approx(0.05, abs=0.01)
