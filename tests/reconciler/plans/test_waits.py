from __future__ import annotations

import pytest
from headgate_worker.records import Counters
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plans import waits
from reconciler.plans.waits import Counts, Waited


@pytest.mark.parametrize(
    ("counts", "percent", "want"),
    [
        pytest.param({}, 95, None, id="nobody started"),
        pytest.param({0: 100}, 50, 0.025, id="half of the first bucket"),
        pytest.param({0: 100}, 100, 0.05, id="all of it"),
        pytest.param({0: 90, 3: 10}, 90, 0.05, id="up to its end"),
        pytest.param({0: 90, 3: 10}, 95, (0.05 * 1.25**2 + 0.05 * 1.25**3) / 2, id="the middle of a later one"),
    ],
)
def test_percentile(counts: Counts, percent: int, want: float | None) -> None:
    assert waits.percentile(counts, percent) == (None if want is None else pytest.approx(want))


@given(st.lists(st.floats(0, 3600), min_size=1, max_size=200))
def test_what_a_worker_counts_is_read_to_an_eighth(seconds: list[float]) -> None:
    counters = Counters()
    for one in seconds:
        counters.waited(one)
    told = {int(bucket): number for bucket, number in counters.as_dict(0.0)["waits"].items()}
    found, exact = waits.percentile(told, 100), max(seconds)
    assert found is not None
    assert exact - 1e-9 <= found <= max(exact * waits.RATIO, waits.FIRST_SECONDS) + 1e-9


def test_what_came_since_an_earlier_reading() -> None:
    assert waits.since({0: 5, 3: 2}, {0: 4}) == {0: 1, 3: 2}
    assert waits.since({0: 5}, {0: 5}) == {}
    assert waits.since({0: 1}, {0: 5}) == {}, "a worker that began anew says nothing of before"


def test_two_minutes_are_remembered() -> None:
    waited = Waited()
    for poll in range(100):
        waited = waited.stepped(2.0 * poll, {0: 1} if poll < 10 else {8: 1})
    assert waited.percentile(1) == pytest.approx(0.05 * 1.25**8, rel=0.2), "the quick ones are long ago"
    assert len(waited.parts) <= 6
