"""Tables as kubectl prints them: capitals above, three spaces between, no lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

GAP = "   "


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines; the last column is as wide as its text, so nothing ends in spaces."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
