"""The live table, for a terminal of 80 columns. Pure.

The columns are narrow so that the reconciler's reasons, at most 40 characters, are seldom cut.
"""

from __future__ import annotations

from typing import Final

from demo.sample import Sample

HEADING: Final = " TIME BACKLOG ACTIVE OLDEST  WANT READY BUSY  WHY"
WIDTH: Final = 79
EVERY_SECONDS: Final = 6.0


def row(sample: Sample, width: int = WIDTH) -> str:
    """One line; numbers are never cut, the reason gives way."""
    oldest = duration(sample.oldest) if sample.waiting else "-"
    text = (
        f"{duration(sample.time):>5} {sample.waiting:7d} {sample.in_flight:6d} {oldest:>6}"
        f"  {sample.wanted:4d} {sample.ready:5d} {sample.busy:4d}  {sample.why}"
    )
    return text if len(text) <= width else f"{text[: width - 2]}.."


def worth_keeping(sample: Sample, last_kept: Sample | None) -> bool:
    """Whether a line is to stay on the screen: every few seconds, and whenever a decision changed something."""
    if last_kept is None or sample.time - last_kept.time >= EVERY_SECONDS:
        return True
    return (sample.wanted, sample.why, sample.revisions) != (last_kept.wanted, last_kept.why, last_kept.revisions)


def duration(seconds: float) -> str:
    """`8s`, `2m05s`, `3h20m`: whole seconds, at most six characters up to four days."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
