"""Shows the live table: on a terminal the newest line changes in place, elsewhere only lines worth keeping are
printed.
"""

from __future__ import annotations

import os
from typing import Final, TextIO

from demo import table
from demo.sample import Sample

_ERASE_LINE: Final = "\r\x1b[2K"


class Screen:
    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._kept: Sample | None = None
        self._write(f"{table.HEADING}\n")

    def show(self, sample: Sample) -> None:
        keep = table.worth_keeping(sample, self._kept)
        if keep:
            self._kept = sample
        if keep or self._live:
            self._write(table.row(sample, self._width()) + ("\n" if keep else ""))

    def say(self, text: str) -> None:
        """A line of words between the lines of the table."""
        self._write(f"{text}\n")

    def end(self) -> None:
        """Takes the line away that was only of the moment."""
        self._write("")

    def _write(self, text: str) -> None:
        self._out.write((_ERASE_LINE if self._live else "") + text)
        self._out.flush()

    def _width(self) -> int:
        """What fits the terminal as it is now: a line that wrapped could not be erased."""
        if not self._live:
            return table.WIDTH
        try:
            return os.get_terminal_size(self._out.fileno()).columns - 1
        except OSError:
            return table.WIDTH
