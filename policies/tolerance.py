"""Legacy tolerance: a write is not refused for what was wrong before it and has not become worse."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple

from policies.correlation import correlated
from policies.decision import Violation
from policies.facts import Object

CEL_RULE: Final = "rules."
"""What the ids of a policy's rules in CEL begin with."""


class State(NamedTuple):
    """An object as it stands at one time, and what rules find in it."""

    obj: Object
    violations: Iterable[Violation]


def without_legacy(kind: str, new: State, old: State) -> list[Violation]:
    """The violations that the old object did not have at the same field with the same value or one farther off.

    An entry of a list that another is put before, or that moves, is the same field. What is refused to the person who
    writes is no property of the old object, and is never tolerated.
    """
    known = {_lasting(kind, old.obj, violation): violation for violation in old.violations}
    return [one for one in new.violations if not _tolerated(one, known.get(_lasting(kind, new.obj, one)))]


def _lasting(kind: str, obj: Object, violation: Violation) -> Hashable:
    """Which finding it is, whatever place of a list it is at. A rule in CEL names one field for all objects."""
    if violation.rule.startswith(CEL_RULE):
        return violation.identity
    field = correlated(kind, obj, violation.finding.field)
    return violation._replace(finding=violation.finding._replace(field=field)).identity


def _tolerated(new: Violation, old: Violation | None) -> bool:
    if old is None or new.who_may:
        return False
    if new.excess is not None and old.excess is not None:
        return new.excess <= old.excess
    return bool(new.finding.value == old.finding.value) and new.finding.message == old.finding.message
