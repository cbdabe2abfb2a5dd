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
    if verdict.allowed and not verdict.warnings:
        return
    yield f"{verdict.name}: {'fine, with warnings' if verdict.allowed else 'refused'}"
    for violation in verdict.violations:
        yield from _wrapped(f"{_at(verdict, violation.finding.field)} {text.line(violation)}")
    for warning in verdict.warnings:
        yield from _wrapped(f"{_at(verdict, field_of(warning))} warning: {warning}")
    if fix is not None:
        yield from _fix(fix)


def summary(verdicts: Sequence[Verdict], others: int) -> str:
    refused = sum(not verdict.allowed for verdict in verdicts)
    unlooked = f", {others} of other kinds not looked at" if others else ""
    return f"{len(verdicts)} checked, {refused} refused{unlooked}"


def field_of(warning: str) -> str:
    """The field a warning begins with; a warning about none finds no such field, and is about the whole object."""
    return warning.partition(": ")[0]


def _at(verdict: Verdict, field: str) -> str:
    return f"{label(verdict.manifest)}:{place(verdict.manifest, field).line}:"


def _fix(fix: Fix) -> Iterator[str]:
    if fix.patch is None:
        yield from _wrapped(f"no patch passes without your decision about {', '.join(fix.undecided)}")
        return
    yield "  this patch would make it pass:"
    for operation in fix.patch:
        yield f"    {json.dumps(operation, ensure_ascii=False)}"


def _wrapped(line: str) -> Iterable[str]:
    return wrap(
        line,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )
