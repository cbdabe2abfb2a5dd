"""Who may lag is written in turn, so many a second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.turns import LATE_SECONDS, Turns


def test_a_turn_is_at_once_where_nobody_else_asks() -> None:
    assert Turns[str](20).of("a", earliest=5.0, now=10.3) == 10.3


def test_who_comes_too_early_is_to_come_again_and_has_no_place_in_the_line() -> None:
    turns = Turns[str](1)
    assert turns.of("a", earliest=30.0, now=0.0) == 30.0
    assert turns.of("b", earliest=0.0, now=30.0) == 30.0
    assert turns.of("a", earliest=30.0, now=30.1) == 31.0


def test_those_who_come_at_once_follow_each_other() -> None:
    turns = Turns[int](2)
    assert [turns.of(key, earliest=0.0, now=30.0) for key in range(5)] == [30.0, 30.5, 31.0, 31.5, 32.0]


def test_a_turn_stays_the_same_until_it_was_taken() -> None:
    turns = Turns[str](1)
    assert [turns.of(key, earliest=0.0, now=30.0) for key in "ab"] == [30.0, 31.0]
    assert turns.of("b", earliest=0.0, now=31.2) == 31.0
    turns.drop("b")
    assert turns.of("b", earliest=61.2, now=31.3) == 61.2


def test_a_turn_that_was_not_taken_is_over_after_a_while() -> None:
    turns = Turns[str](20)
    turns.of("a", earliest=0.0, now=30.0)
    assert turns.of("a", earliest=0.0, now=30.0 + LATE_SECONDS) == 30.0
    assert turns.of("a", earliest=0.0, now=31.0 + LATE_SECONDS) == 31.0 + LATE_SECONDS


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 30), st.floats(0, 3)), max_size=60))
def test_no_second_has_more_turns_than_agreed(a_second: int, asked: list[tuple[int, float]]) -> None:
    turns, now, given_to = Turns[int](a_second), 0.0, dict[int, float]()
    for key, passed in asked:
        now += passed
        turn = turns.of(key, 0.0, now)
        assert turn >= now or turn == given_to[key]
        given_to[key] = turn
    seconds = [int(turn) for turn in given_to.values()]
    assert all(seconds.count(second) <= a_second for second in seconds)
