"""The one entry of the engine: facts in, decision out.

The way of a decision: which policies apply -> what they default -> what every rule finds in the object as it would be
stored -> what of it the old object already had -> what each policy wants done about the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from policies import break_glass, mutation, rules
from policies.asking import Check
from policies.compiled import Applied, applying
from policies.decision import UNJUDGED, Action, Decision, Notice, Violation
from policies.facts import Facts, Object, Operation
from policies.fields import dig
from policies.rules.rule import Breach
from policies.subject import Subject
from policies.text import ending, warning
from policies.tolerance import State, without_legacy

JUDGED_PARTS: Final = (("spec",), ("metadata", "labels"), ("metadata", "annotations"))


class RuleFaultError(Exception):
    """A rule raised: a defect of the engine, never of the object. The cause may quote the object, so it is not told."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(slots=True)
class Found:
    """What the rules say of one object. `advice` speaks of the world as it is now and is told at every write."""

    violations: list[Violation] = field(default_factory=list)
    advice: list[Violation] = field(default_factory=list)
    exempted: list[Violation] = field(default_factory=list)
    endings: list[Notice] = field(default_factory=list)
    """Warnings of exemptions that end soon."""

    def take(self, subject: Subject, check: Check, breach: Breach) -> None:
        """Keep what a policy's rule found; the first exemption that holds lets it pass."""
        violation = Violation(
            breach.finding,
            check.rule.id,
            check.action,
            check.policy,
            breach.excess,
            about=breach.about,
            failed=breach.failed,
        )
        for exemption in check.exemptions:
            if exemption.holds(subject):
                self.exempted.append(violation._replace(exemption=exemption.name))
                if exemption.ends_soon(subject.facts.now):
                    self.endings.append(Notice(breach.finding.field, ending(self.exempted[-1], exemption.expires)))
                return
        self.violations.append(violation)


def decide(facts: Facts) -> Decision:
    """Judge one request. Raises `RuleFaultError` where a rule itself fails."""
    judged = facts.old if facts.operation is Operation.DELETE else facts.new
    if judged is None or not _judged(facts, judged):
        return UNJUDGED
    applied = applying(facts.kind, judged, facts.snapshot)
    operations = mutation.patch(facts, applied)
    stored = mutation.patched(judged, operations)
    previous = facts.old if facts.operation is Operation.UPDATE else None
    found = _found(facts, stored, previous, applied)
    if found.violations and previous is not None:
        before = applying(facts.kind, previous, facts.snapshot)
        old = State(previous, _found(facts, previous, None, before).violations)
        found.violations = without_legacy(facts.kind, State(stored, found.violations), old)
    return Decision(
        violations=tuple(found.violations),
        exempted=tuple(found.exempted),
        notices=_notices(found),
        patch=operations,
        audit=_audit(facts, stored, applied, found),
    )


def _judged(facts: Facts, obj: Object) -> bool:
    """Whether this is a request to judge: neither of an object that is leaving, nor of status or finalizers only."""
    if dig(obj, "metadata", "deletionTimestamp") is not None:
        return False
    if facts.operation is not Operation.UPDATE or facts.old is None:
        return True
    return any(dig(obj, *part) != dig(facts.old, *part) for part in JUDGED_PARTS)


def _found(facts: Facts, obj: Object, previous: Object | None, applied: Applied) -> Found:
    subject, found = Subject(facts, obj, previous, applied.views), Found()
    at = ""
    # Plain loops: nearly every rule finds nothing, and a comprehension around each would cost more than the rule.
    try:
        for rule in rules.built_in_for(facts.kind, facts.operation, facts.subresource):
            if rule.needs and rule.needs not in subject.spec:
                continue
            at, kept = rule.id, found.advice if rule.timely else found.violations
            for finding in rule.check(subject):
                kept.append(Violation(finding, rule.id, rule.action, who_may=rule.who_may))
        plan, broken = applied.plan(facts.kind, facts.operation, facts.subresource), []
        for guard in plan.guards:
            at = guard.rule.id
            if guard.is_broken(subject):
                broken.append(guard)
        for check in plan.with_broken(broken):
            at = check.rule.id
            for breach in check.rule.check(subject, check.limit):
                found.take(subject, check, breach)
    except Exception as error:
        raise RuleFaultError(at) from error
    return found


def _notices(found: Found) -> tuple[Notice, ...]:
    """Advice about a field that is refused anyway would only blur the refusal."""
    if not (found.violations or found.advice or found.endings):
        return ()
    refused = {violation.finding.field for violation in found.violations if violation.action is Action.DENY}
    told = [violation for violation in found.violations if violation.action is Action.WARN]
    told += [advice for advice in found.advice if advice.finding.field not in refused]
    return (*(Notice(one.finding.field, warning(one)) for one in told), *found.endings)


def _audit(facts: Facts, obj: Object, applied: Applied, found: Found) -> dict[str, str]:
    """What a later replay needs: the exact policies that were in force, and what was let pass."""
    notes: dict[str, str] = {}
    if applied.audit:
        notes["policies"] = applied.audit
    passed = [violation for violation in found.violations if violation.action is not Action.DENY]
    if passed:
        notes["passed"] = ",".join(f"{one.action}:{one.policy or 'built-in'}:{one.rule}" for one in passed)
    if found.exempted:
        notes["exempted"] = ",".join(f"{one.policy}:{one.rule}:{one.exemption}" for one in found.exempted)
    glass = break_glass.read(obj)
    if glass is not None and glass.in_force(facts.now):
        notes["break-glass"] = str(glass)
    return notes
