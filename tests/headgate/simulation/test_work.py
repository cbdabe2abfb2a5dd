from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import mean, pvariance

import pytest

from headgate.simulation import work
from headgate.simulation.work import Rate, Sampler


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
    assert all(before < after for (before, _), (after, _) in pairwise(trace.jobs))
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
