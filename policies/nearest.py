"""The name a writer most likely meant: the nearest by edit distance, or nothing when none is near."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

MAX_DISTANCE: Final = 3
MAX_CANDIDATES: Final = 256
MAX_LENGTH: Final = 64
"""256 names of 64 characters, seven cells of the table a character, take some 10 ms at the very worst."""


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate within a third of the name's length (at most three edits); the first by name among equals."""
    limit = min(MAX_DISTANCE, len(name) // 3)
    best: str | None = None
    for candidate in sorted(islice(candidates, MAX_CANDIDATES)):
        if max(len(name), len(candidate)) > MAX_LENGTH or abs(len(name) - len(candidate)) > limit:
            continue
        found = distance(name, candidate, limit)
        if found <= limit:
            best, limit = candidate, found - 1
    return best


def distance(one: str, other: str, limit: int) -> int:
    """Optimal string alignment distance (Levenshtein's, and swapped neighbours count one); `limit + 1` if farther.

    Only the band of the table that can stay within `limit` is computed.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    far = limit + 1
    above: list[int] = []
    row = [min(column, far) for column in range(len(other) + 1)]
    for line, letter in enumerate(one, start=1):
        low, high = max(1, line - limit), min(len(other), line + limit)
        before, above, row = above, row, [far] * (len(other) + 1)
        row[0] = min(line, far)
        for column in range(low, high + 1):
            changed = above[column - 1] + (letter != other[column - 1])
            cell = min(changed, above[column] + 1, row[column - 1] + 1, far)
            if line > 1 and column > 1 and letter == other[column - 2] and one[line - 2] == other[column - 1]:
                cell = min(cell, before[column - 2] + 1)
            row[column] = cell
    return row[len(other)]
