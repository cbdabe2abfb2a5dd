"""Patterns as the API server reads them: Go's RE2, where `$` is the end of the text.

The patterns of the API keep to what Go, Rust (inside pydantic) and Python read alike; a test checks that none uses
`\\s`, `\\d`, `\\w` or `.`, which the three define differently.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    text = pattern[:-1] + r"\Z" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern
    return re.compile(text, re.ASCII)


def matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None


def is_date_time(text: str) -> bool:
    """Whether the text is an RFC 3339 time, as the format `date-time` demands."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return False
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = _DAYS[month - 1] + leap if 1 <= month <= 12 else 0
    return 1 <= day <= days and hour <= 23 and minute <= 59 and second <= 59
