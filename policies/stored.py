"""What the policies say of an object as it is stored, without anybody writing it: for the audit and for previews.

Only policies are asked; the built-in rules speak to whoever writes. An exemption for persons has no effect here, and
what a rule in CEL asks of a request is asked as if the object were created now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policies.compiled import Applied, applying
from policies.decide import Found, RuleFaultError
from policies.decision import PolicyRef, Violation
from policies.facts import Facts, Object, Operation
from policies.snapshot import Snapshot
from policies.subject import Subject


@dataclass(frozen=True, slots=True)
class Stored:
    """`policies` are those the object is under; what breaks one of them is a violation unless it is exempted."""

    policies: tuple[PolicyRef, ...]
    violations: tuple[Violation, ...]
    exempted: tuple[Violation, ...]

    def of(self, policy: PolicyRef) -> tuple[Violation, ...]:
        return tuple(violation for violation in self.violations if violation.policy == policy)


def stored(kind: str, obj: Object, snapshot: Snapshot, now: datetime) -> Stored:
    """Judge one stored object. Raises `RuleFaultError` where a rule itself fails."""
    applied = applying(kind, obj, snapshot)
    found = _asked(applied, Facts(kind, Operation.CREATE, obj, None, snapshot, now, final=True), obj)
    return Stored(tuple(one.ref for one in applied), tuple(found.violations), tuple(found.exempted))


def _asked(applied: Applied, facts: Facts, obj: Object) -> Found:
    found, subject, at = Found(), Subject(facts, obj, None, applied.views), ""
    try:
        for check in applied.checks(facts.kind, facts.operation, ""):
            at = check.rule.id
            for breach in check.rule.check(subject, check.limit):
                found.take(subject, check, breach)
    except Exception as error:
        raise RuleFaultError(at) from error
    return found
