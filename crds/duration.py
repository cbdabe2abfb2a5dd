"""Durations as the API writes them: `1h30m`, `250ms` (GEP-2257, a subset of what Go's time.ParseDuration reads)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

PATTERN: Final = "^([0-9]{1,5}(h|m|s|ms)){1,4}$"
MAX_LENGTH: Final = 28

_WHOLE: Final = re.compile(r"(?:[0-9]{1,5}(?:h|ms|m|s)){1,4}")
_PART: Final = re.compile(r"([0-9]+)(h|ms|m|s)")
_MILLISECONDS: Final = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


@lru_cache(maxsize=1024)
def milliseconds(text: str) -> int:
    """The exact length of a duration; ValueError for anything the API refuses."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no duration such as 90s, 1h30m or 250ms")
    return sum(int(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(text))


def seconds(text: str) -> float:
    return milliseconds(text) / 1000


@lru_cache(maxsize=1024)
def text(length: float) -> str:
    """The shortest duration text for a length in seconds, rounded to milliseconds: `5400` gives `1h30m`."""
    left = max(0, round(length * 1000))
    parts = []
    for unit, size in _MILLISECONDS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{min(count, 99_999)}{unit}")
    return "".join(parts) or "0s"
