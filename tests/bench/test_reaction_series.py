from __future__ import annotations

from bench.reaction.watching import Size, first, latest, lowest

SERIES = [(10.0, 1), (12.0, 3), (20.0, 2)]


def test_when_a_number_was_reached() -> None:
    assert first(SERIES, 0.0, 2) == 12.0
    assert first(SERIES, 13.0, 2) == 20.0
    assert first(SERIES, 0.0, 4) is None


def test_the_lowest_number_in_force_between_two_moments() -> None:
    assert lowest(SERIES, 13.0, 19.0) == 3, "what was said before counts"
    assert lowest(SERIES, 13.0, 25.0) == 2
    assert lowest([], 0.0, 1.0) == 0


def test_pods_that_serve_are_counted_as_they_come_and_go() -> None:
    size = Size()
    for uid, serves in (("a", True), ("b", False), ("b", True), ("a", False)):
        size.saw(uid, serves=serves)
    assert [number for _, number in size.ready] == [1, 2, 1]
    assert latest(size.ready) == 1
