from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plans.shares import Sharer, share

A, B = Sharer("a", 10, 2), Sharer("b", 5, 4)


@pytest.mark.parametrize(
    ("sharers", "want"),
    [
        ((A,), Fraction(1)),
        ((A, B), Fraction(1, 2)),
        ((A, Sharer("b", 30, 2)), Fraction(1, 4)),
        ((A, Sharer("b", 30, 2, ready=0, able=False)), Fraction(1)),
        ((A, Sharer("b", 30, 2, ready=10, able=False)), Fraction(1, 2)),
        ((Sharer("a", 9, ready=0, able=False), Sharer("b", 9, able=False)), Fraction(1)),
        ((B,), Fraction(0)),
    ],
    ids=[
        "alone",
        "by slots",
        "by replicas",
        "another can do nothing",
        "another does with what it has",
        "nobody can do anything",
        "not one of them",
    ],
)
def test_the_part_of_a_queue(sharers: tuple[Sharer, ...], want: Fraction) -> None:
    assert share("a", sharers) == want


@given(
    st.lists(st.builds(Sharer, st.uuids().map(str), st.integers(1, 1000), st.integers(1, 9)), min_size=1, max_size=9)
)
def test_the_parts_make_the_whole(sharers: list[Sharer]) -> None:
    assert sum(share(sharer.uid, sharers) for sharer in sharers) == 1
