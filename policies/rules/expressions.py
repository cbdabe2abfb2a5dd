"""The rules in CEL of a Policy, judged when the Policy is applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crds import meta
from crds.findings import Finding, Reason
from policies.decision import Action
from policies.fields import items, mapping, strings, text
from policies.rules.rule import POLICIES, WORK_KINDS, BuiltInRule
from policies.schema_paths import wrong
from policies.subject import Subject


def expressions(subject: Subject) -> Iterable[Finding]:
    if "rules" not in subject.spec:
        return ()
    # Imported here: the engine takes 10 MiB, and most installs have no rules in CEL.
    from policies.cel.rules import findings

    return findings(subject.spec)


def field_paths(subject: Subject) -> Iterator[Finding]:
    """A finding at a field that is not there would lead nobody anywhere."""
    kinds = WORK_KINDS.intersection(strings(subject.spec, "match", "kinds")) or WORK_KINDS
    for path, rule in items(subject.spec, "rules"):
        about = WORK_KINDS.intersection(strings(rule, "kinds")) or kinds
        if (field := text(rule, "fieldPath")) and (why := wrong(about, field)):
            yield Finding(f"spec.{path}.fieldPath", Reason.INVALID, why, field)


def passed_by(subject: Subject) -> Iterable[Finding]:
    if "rules" not in subject.spec:
        return ()
    from policies.cel.rules import passed_by_scaling

    return passed_by_scaling(subject.spec)


def where_allowed(subject: Subject) -> Iterator[Finding]:
    """Rules that were there before the install refused them stay, as long as they stay as they are."""
    rules = subject.spec.get("rules")
    if subject.facts.namespaced_rules or not rules or mapping(subject.previous, "spec").get("rules") == rules:
        return
    message = "this install takes rules in CEL from ClusterPolicies only (chart value policies.rules)"
    yield Finding("spec.rules", Reason.FORBIDDEN, message)


RULES: Final = (
    BuiltInRule(
        id="rules",
        needs="rules",
        kinds=POLICIES,
        sentence="Every rule in CEL is an expression about fields there are, and cannot cost more than its budget.",
        check=expressions,
    ),
    BuiltInRule(
        id="fieldPaths",
        needs="rules",
        kinds=POLICIES,
        sentence="The fieldPath of a rule in CEL is a field of a kind the rule is about.",
        check=field_paths,
    ),
    BuiltInRule(
        id="rulesOfPolicies",
        kinds=frozenset({meta.POLICY.kind}),
        sentence="A Policy carries rules in CEL only where the chart's value `policies.rules` lets it.",
        check=where_allowed,
        who_may=True,
    ),
    BuiltInRule(
        id="rulesAtScale",
        kinds=POLICIES,
        sentence="A rule in CEL about a WorkerPool's hold looks at nothing that is unknown when the pool is scaled: "
        "`kubectl scale` would pass it by.",
        check=passed_by,
        action=Action.WARN,
    ),
)
