"""Legacy tolerance: a write is not refused for what was wrong before it and has not become worse."""

from __future__ import annotations

from collections.abc import Iterable

from policies.decision import Violation


def without_legacy(violations: Iterable[Violation], old: Iterable[Violation]) -> list[Violation]:
    """The violations that the old object did not have at the same field with the same value or one farther off.

    What is refused to the person who writes is no property of the old object, and is never tolerated.
    """
    known = {violation.identity: violation for violation in old}
    return [violation for violation in violations if not _tolerated(violation, known.get(violation.identity))]


def _tolerated(new: Violation, old: Violation | None) -> bool:
    if old is None or new.who_may:
        return False
    if new.excess is not None and old.excess is not None:
        return new.excess <= old.excess
    return bool(new.finding.value == old.finding.value) and new.finding.message == old.finding.message
