"""The live table, for a terminal of 80 columns. Pure."""

from __future__ import annotations

from typing import Final

from demo.sample import Sample

HEADING: Final = "TIME  BACKLOG  IN FLIGHT  OLDEST  WANT  READY  BUSY  DRAIN  WHY"
WIDTH: Final = 79
HEADING_EVERY: Final = 15


def row(sample: Sample) -> str:
    oldest = f"{sample.oldest:.1f}s" if sample.waiting else "-"
    text = (
        f"{sample.time:3.0f}s  {sample.waiting:7d}  {sample.in_flight:9d}  {oldest:>6}"
        f"  {sample.wanted:4d}  {sample.ready:5d}  {sample.busy:4d}  {sample.draining:5d}  {sample.why}"
    )
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 2]}.."


def rows(number: int, sample: Sample) -> list[str]:
    """The lines for the `number`th sample, the heading among them every so often."""
    return [HEADING, row(sample)] if number % HEADING_EVERY == 0 else [row(sample)]
