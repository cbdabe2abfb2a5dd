"""What is remembered of what users write."""

from __future__ import annotations

import pytest

from crds.remembering import LONGEST, remembered


def test_short_texts_are_looked_at_once_and_long_ones_are_not_kept() -> None:
    asked: list[str] = []

    @remembered(8)
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    short, long = "a" * LONGEST, "a" * (LONGEST + 1)
    assert [length(text) for text in (short, short, long, long)] == [LONGEST, LONGEST, LONGEST + 1, LONGEST + 1]
    assert asked == [short, long, long]


def test_what_raises_is_not_remembered() -> None:
    @remembered(8)
    def number(text: str) -> int:
        return int(text)

    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            number("x")
