"""Delays grow, stay bounded, and spread."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from kube.backoff import Backoff


@given(
    attempt=st.integers(min_value=-5, max_value=10**6),
    initial=st.floats(0.001, 10),
    jitter=st.floats(0, 0.9),
    seed=st.integers(),
)
def test_a_delay_is_positive_and_bounded(attempt: int, initial: float, jitter: float, seed: int) -> None:
    backoff = Backoff(initial=initial, maximum=30.0, jitter=jitter)
    assert 0 < backoff.delay(attempt, Random(seed)) <= 30.0 * (1 + jitter)


def test_it_doubles_up_to_the_maximum() -> None:
    backoff = Backoff(initial=1, maximum=10, jitter=0)
    assert [backoff.delay(attempt, Random(0)) for attempt in range(1, 7)] == [1, 2, 4, 8, 10, 10]
