"""The one entry of the engine: facts in, decision out.

The way of a decision: which policies apply -> what they default -> what every rule finds in the object as it would be
stored -> what of it the old object already had -> what each policy wants done about the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies import mutation, rules
from policies.compiled import Applied, applying
from policies.decision import UNJUDGED, Action, Decision, Violation
from policies.facts import Facts, Object
from policies.fields import dig
from policies.subject import Subject
from policies.text import warning
from policies.tolerance import without_legacy

JUDGED_PARTS: Final = (("spec",), ("metadata", "labels"), ("metadata", "annotations"))


class RuleFaultError(Exception):
    """A rule raised: a defect of the engine, never of the object. The cause may quote the object, so it is not told."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def decide(facts: Facts) -> Decision:
    """Judge one request. Raises `RuleFaultError` where a rule itself fails."""
    new = facts.new
    if new is None or not _judged(facts, new):
        return UNJUDGED
    applied = applying(facts.kind, new, facts.snapshot)
    operations = mutation.patch(facts, applied)
    stored = mutation.patched(new, operations)
    violations, advice = _findings(facts, stored, facts.old, applied)
    if violations and facts.old is not None:
        before = applying(facts.kind, facts.old, facts.snapshot)
        violations = without_legacy(violations, _findings(facts, facts.old, None, before)[0])
    return Decision(
        violations=tuple(violations),
        warnings=_warnings(violations, advice),
        patch=operations,
        audit=_audit(applied, violations),
    )


def _judged(facts: Facts, new: Object) -> bool:
    """Whether this write is one to judge: not of an object that is leaving, nor of status or finalizers only."""
    if dig(new, "metadata", "deletionTimestamp") is not None:
        return False
    if facts.old is None:
        return True
    return any(dig(new, *part) != dig(facts.old, *part) for part in JUDGED_PARTS)


def _findings(
    facts: Facts, obj: Object, previous: Object | None, applied: Applied
) -> tuple[list[Violation], list[Violation]]:
    """(violations, advice): advice speaks of the world as it is now and is told at every write."""
    subject = Subject(facts, obj, previous, applied.views)
    violations: list[Violation] = []
    advice: list[Violation] = []
    at = ""
    # Plain loops: nearly every rule finds nothing, and a comprehension around each would cost more than the rule.
    try:
        for rule in rules.built_in_for(facts.kind, facts.operation, facts.subresource):
            at, kept = rule.id, advice if rule.timely else violations
            for finding in rule.check(subject):
                kept.append(Violation(finding, rule.id, rule.action, who_may=rule.who_may))
        for policy, limited, limit in applied.checks(facts.kind, facts.operation, facts.subresource):
            at = limited.id
            for finding, excess in limited.check(subject, limit):
                violations.append(Violation(finding, limited.id, policy.action, policy.ref, excess))
    except Exception as error:
        raise RuleFaultError(at) from error
    return violations, advice


def _warnings(violations: Sequence[Violation], advice: Sequence[Violation]) -> tuple[str, ...]:
    """Advice about a field that is refused anyway would only blur the refusal."""
    if not violations and not advice:
        return ()
    refused = {found.finding.field for found in violations if found.action is Action.DENY}
    told = [found for found in violations if found.action is Action.WARN]
    told += [found for found in advice if found.finding.field not in refused]
    return tuple(warning(found) for found in told)


def _audit(applied: Applied, violations: Sequence[Violation]) -> dict[str, str]:
    """What a later replay needs: the exact policies that were in force, and what was let pass."""
    notes: dict[str, str] = {}
    if applied.audit:
        notes["policies"] = applied.audit
    passed = [violation for violation in violations if violation.action is not Action.DENY]
    if passed:
        notes["passed"] = ",".join(f"{found.action}:{found.policy or 'built-in'}:{found.rule}" for found in passed)
    return notes
