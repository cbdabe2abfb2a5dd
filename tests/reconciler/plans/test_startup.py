from __future__ import annotations

from reconciler.plans.startup import Startups


def test_nothing_is_known_before_the_first_start() -> None:
    assert Startups().measured is None


def test_nine_of_ten_pods_start_within_it() -> None:
    starts = Startups()
    starts.saw((str(number), float(number)) for number in range(1, 11))
    assert starts.measured == 9.0


def test_each_pod_counts_once_and_not_when_it_turns_ready_anew() -> None:
    starts = Startups()
    starts.saw([("a", 12.0)])
    starts.saw([("a", 700.0), ("b", 4000.0), ("c", -3.0)])
    assert starts.measured == 12.0


def test_the_latest_starts_count() -> None:
    starts = Startups()
    starts.saw((f"old {number}", 100.0) for number in range(20))
    starts.saw((f"new {number}", 5.0) for number in range(20))
    assert starts.measured == 5.0
