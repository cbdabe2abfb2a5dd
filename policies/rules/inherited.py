"""Values that hold for an object whether it says them itself or inherits them, as findings show them."""

from __future__ import annotations

from typing import Any, Final

from crds.findings import Finding, Reason
from policies import bounds, builtin
from policies.rules.rule import Breach
from policies.subject import Subject

SPEC: Final = bounds.SPEC


def shown(value: Any, origin: str) -> Any:
    """The value as a finding shows it: the user's own as it is, another with who set it."""
    if origin == SPEC:
        return value
    return f"{value}, {'the built-in value' if origin == builtin.ORIGIN else f'inherited from {origin}'}"


def number_above(subject: Subject, path: str, limit: int) -> list[Breach]:
    """A breach where the effective integer at a path below `spec` is above the limit."""
    value = subject.effective.get(path)
    if type(value) is not int or value <= limit:
        return []
    return [Breach(_finding(subject, path, value, f"at most {limit}"), value)]


def duration_above(subject: Subject, path: str, limit: str) -> list[Breach]:
    value, most = subject.effective.get(path), bounds.seconds(limit)
    length = bounds.seconds(value)
    if length is None or most is None or length <= most:
        return []
    return [Breach(_finding(subject, path, value, f"at most {limit}"), length)]


def duration_below(subject: Subject, path: str, limit: str) -> list[Breach]:
    value, least = subject.effective.get(path), bounds.seconds(limit)
    length = bounds.seconds(value)
    if length is None or least is None or length >= least:
        return []
    return [Breach(_finding(subject, path, value, f"at least {limit}"), -length)]


def _finding(subject: Subject, path: str, value: Any, message: str) -> Finding:
    return Finding(f"spec.{path}", Reason.INVALID, message, shown(value, subject.effective.origin(path)))
