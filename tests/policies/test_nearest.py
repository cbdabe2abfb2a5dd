"""Suggestions: the name that was most likely meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.nearest import distance, nearest


@pytest.mark.parametrize(
    ("name", "candidates", "want_nearest"),
    [
        ("ordres", ["orders", "order"], "orders"),
        ("emial", ["email", "reports"], "email"),
        ("emials", ["emails", "reports"], "emails"),
        ("orders", [], None),
        ("a", ["b"], None),
        ("thumbnial", ["thumbnails", "thumbnail"], "thumbnail"),
        ("reports-eu", ["reports-us", "reports-ea"], "reports-ea"),
        ("x" * 100, ["x" * 99], None),
    ],
)
def test_nearest(name: str, candidates: list[str], want_nearest: str | None) -> None:
    assert nearest(name, candidates) == want_nearest


words = st.text("abc", max_size=6)


def alignment(one: str, other: str) -> int:
    """The definition, without a table."""
    if not one or not other:
        return len(one) + len(other)
    changed = alignment(one[1:], other[1:]) + (one[0] != other[0])
    least = min(changed, alignment(one[1:], other) + 1, alignment(one, other[1:]) + 1)
    swapped = len(one) > 1 and len(other) > 1 and one[0] == other[1] and one[1] == other[0]
    return min(least, alignment(one[2:], other[2:]) + 1) if swapped else least


@given(words, words, st.integers(0, 4))
def test_distance_in_a_band_is_the_distance_up_to_the_limit(one: str, other: str, limit: int) -> None:
    assert distance(one, other, limit) == min(alignment(one, other), limit + 1)
