"""Patterns as the API server reads them: Go's RE2, where `$` is the end of the text.

The patterns of the API keep to what Go, Rust (inside pydantic) and Python read alike; a test checks that none uses
`\\s`, `\\d`, `\\w` or `.`, which the three define differently.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    text = pattern[:-1] + r"\Z" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern
    return re.compile(text, re.ASCII)


def matches(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text) is not None


def is_date_time(text: str) -> bool:
    """Whether the day exists and the clock knows the time, for text that has the pattern of a time."""
    year, month, day, hour, minute, second = (
        int(part) for part in (text[:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19])
    )
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = _DAYS[month - 1] + leap if 1 <= month <= 12 else 0
    return 1 <= day <= days and hour <= 23 and minute <= 59 and second <= 59
