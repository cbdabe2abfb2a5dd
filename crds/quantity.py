"""Kubernetes quantities: `2`, `1.5`, `1500m`, `24Gi`, `5e3`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

PATTERN: Final = r"^[+-]?([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$"
MAX_LENGTH: Final = 32

_FORM: Final = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))(?:(?P<suffix>[KMGTPE]i|[numkMGTPE])|[eE](?P<exponent>[+-]?[0-9]{1,2}))?"
)
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def parse(value: str | int) -> Decimal:
    """The exact number a quantity stands for; ValueError for anything the API refuses."""
    if isinstance(value, int):
        return Decimal(value)
    match = _FORM.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no quantity such as 2, 1.5, 500m or 24Gi")
    number = Decimal(match["number"])
    suffix = match["suffix"]
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix])
    return number.scaleb(_DECIMAL[suffix] if suffix else int(match["exponent"] or 0))
