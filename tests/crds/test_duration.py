from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crds import duration

PATTERN: Final = re.compile(duration.PATTERN.removesuffix("$") + r"\Z", re.ASCII)


@pytest.mark.parametrize(
    ("text", "want_seconds"),
    [
        ("0s", 0),
        ("90s", 90),
        ("1m30s", 90),
        ("1h30m", 5400),
        ("250ms", 0.25),
        ("1h1m1s1ms", 3661.001),
        ("1s1h", 3601),
        ("99999h", 359_996_400),
    ],
)
def test_a_duration_is_read(text: str, want_seconds: float) -> None:
    assert duration.seconds(text) == want_seconds


@pytest.mark.parametrize(
    "text", ["", "5", "1d", "-1s", "1.5s", "1 h", "100000s", "1h1h1h1h1h", "1s\n", "\u0661s", "1us"]
)
def test_anything_else_is_refused(text: str) -> None:
    assert not PATTERN.match(text)
    with pytest.raises(ValueError, match="is no duration"):
        duration.seconds(text)


@pytest.mark.parametrize(
    ("seconds", "want_text"), [(0, "0s"), (-1, "0s"), (90, "1m30s"), (5400, "1h30m"), (0.25, "250ms"), (0.0004, "0s")]
)
def test_a_length_is_written_in_its_shortest_form(seconds: float, want_text: str) -> None:
    assert duration.text(seconds) == want_text


@given(st.from_regex(PATTERN))
def test_what_is_read_and_written_again_stays_as_long(text: str) -> None:
    length = duration.milliseconds(text)

    if length < 99_999 * 3_600_000:
        assert duration.milliseconds(duration.text(length / 1000)) == length
