from __future__ import annotations

from decimal import Decimal

import pytest

from crds import quantity
from crds.patterns import matches


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (2, "2"),
        ("1.5", "1.5"),
        ("1500m", "1.5"),
        ("24Gi", str(24 * 2**30)),
        ("1.5Ki", "1536"),
        ("5e3", "5000"),
        ("5E-3", "0.005"),
        ("2E", "2000000000000000000"),
        ("-1", "-1"),
        ("+.5", "0.5"),
        ("7.", "7"),
        ("100n", "0.0000001"),
    ],
)
def test_a_quantity_is_read_exactly(text: str | int, want: str) -> None:
    assert quantity.parse(text) == Decimal(want)
    assert matches(quantity.PATTERN, str(text))


def test_an_integer_is_a_quantity_however_long() -> None:
    assert quantity.parse(-(2**63)) == Decimal(-(2**63))


@pytest.mark.parametrize("text", ["", "1 ", "1\n", "abc", "1K", "1mi", "1e", "1ee3", "--1", ".", "NaN", "\u0661"])
def test_anything_else_is_refused(text: str) -> None:
    assert not matches(quantity.PATTERN, text)
    with pytest.raises(ValueError, match="is no quantity"):
        quantity.parse(text)
