from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import mean, pvariance

import pytest

from headgate.simulation import work
from headgate.simulation.work import Arrival, LoadError, Rate, Sampler, Trace


@pytest.mark.parametrize(
    ("rate", "want_jobs"),
    [
        pytest.param(work.constant(5), 18_000, id="constant"),
        pytest.param(work.step(1, 10, 1200, 2400), 14_400, id="step"),
        pytest.param(work.sine(2, 8, 600), 18_000, id="sine"),
        pytest.param(work.sawtooth(0, 10, 600), 18_000, id="sawtooth"),
        pytest.param(work.on_off(10, 60, 540), 3_600, id="on and off"),
        pytest.param(work.burst(2000, 600, 20), 2_000, id="burst"),
    ],
)
def test_arrivals_follow_the_rate(rate: Rate, want_jobs: int) -> None:
    trace = work.poisson(rate, work.fixed(1.0), 3600, seed=1)
    assert len(trace.jobs) == pytest.approx(want_jobs, abs=4 * want_jobs**0.5), "four standard deviations"
    assert all(before.at < after.at for before, after in pairwise(trace.jobs))
    assert trace.work == len(trace.jobs)


def test_no_jobs_at_all() -> None:
    assert work.poisson(work.constant(0), work.fixed(1.0), 3600, seed=1).jobs == []


def test_a_seed_is_a_trace() -> None:
    one, two = (work.poisson(work.constant(1), work.exponential(2), 600, seed=7) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("service", "want_mean", "want_cv2"),
    [
        pytest.param(work.fixed(3), 3, 0, id="fixed"),
        pytest.param(work.exponential(2), 2, 1, id="exponential"),
        pytest.param(work.lognormal(2, 4), 2, 4, id="heavy tail"),
        pytest.param(work.uniform(1200, 0.5), 1200, 1 / 12, id="uniform"),
    ],
)
def test_services(service: Sampler, want_mean: float, want_cv2: float) -> None:
    random = Random(3)
    drawn = [service(random) for _ in range(100_000)]
    assert mean(drawn) == pytest.approx(want_mean, rel=0.03)
    assert pvariance(drawn) / mean(drawn) ** 2 == pytest.approx(want_cv2, rel=0.25, abs=1e-9)


def test_loads_of_several_queues_come_together_in_order() -> None:
    one, two = Trace([Arrival(0.0, 1.0), Arrival(5.0, 1.0)], 10.0), Trace([Arrival(3.0, 2.0)], 20.0)
    assert work.together({"a": one, "b": two}) == Trace(
        [Arrival(0.0, 1.0, 0), Arrival(3.0, 2.0, 1), Arrival(5.0, 1.0, 0)], 20.0, ("a", "b")
    )


@pytest.mark.parametrize(
    ("queues", "pool", "want"),
    [
        pytest.param(("",), ("a",), (0, 0), id="a load without a name is for the only queue"),
        pytest.param(("a", "b"), ("b", "a"), (1, 0), id="places are those of the pool's list"),
        pytest.param(("b", "c"), ("a", "b", "c"), (1, 2), id="a queue may have no load"),
    ],
)
def test_a_load_comes_to_the_queues_of_a_pool(
    queues: tuple[str, ...], pool: tuple[str, ...], want: tuple[int, int]
) -> None:
    load = Trace([Arrival(0.0, 1.0, 0), Arrival(1.0, 1.0, len(queues) - 1)], 10.0, queues)
    assert tuple(job.queue for job in load.at_queues(pool).jobs) == want


@pytest.mark.parametrize(
    ("queues", "pool", "want"),
    [
        (("",), ("a", "b"), "of 2 queues (a, b): say whose jobs a load is, as a=constant:5"),
        (("c",), ("a", "b"), "a load for c, where the pool works off a, b"),
    ],
)
def test_what_is_no_load_for_a_pool(queues: tuple[str, ...], pool: tuple[str, ...], want: str) -> None:
    with pytest.raises(LoadError) as caught:
        Trace([], 10.0, queues).at_queues(pool)
    assert str(caught.value) == want
