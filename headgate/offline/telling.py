"""Verdicts in words for a terminal of 80 columns: each finding with its file and line, each on lines of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Final

from headgate.offline.fixing import Fix
from headgate.offline.judging import Verdict
from headgate.offline.locating import label, place
from policies import text

WIDTH: Final = 80


def lines(verdict: Verdict, fix: Fix | None = None) -> Iterator[str]:
    """Nothing for a manifest that is fine and warned about by nobody."""
    if verdict.allowed and not verdict.notices:
        return
    yield f"{verdict.name}: {'fine, with warnings' if verdict.allowed else 'refused'}"
    for violation in verdict.violations:
        yield from wrapped(f"{_at(verdict, violation.finding.field)} {text.line(violation)}")
    for notice in verdict.notices:
        yield from wrapped(f"{_at(verdict, notice.field)} warning: {notice.text}")
    if fix is not None:
        yield from _fix(fix)


def summary(verdicts: Sequence[Verdict], others: int) -> str:
    refused = sum(not verdict.allowed for verdict in verdicts)
    unlooked = f", {others} of other kinds not looked at" if others else ""
    return f"{len(verdicts)} checked, {refused} refused{unlooked}"


def _at(verdict: Verdict, field: str) -> str:
    return f"{label(verdict.manifest)}:{place(verdict.manifest, field).line}:"


def _fix(fix: Fix) -> Iterator[str]:
    if fix.patch is None:
        yield from wrapped(f"no patch passes without your decision about {', '.join(fix.undecided)}")
        return
    yield "  this patch would make it pass:"
    for operation in fix.patch:
        yield f"    {json.dumps(operation, ensure_ascii=False)}"


def wrapped(line: str) -> Iterable[str]:
    """One finding below the name of its object."""
    return wrap(
        line,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )
