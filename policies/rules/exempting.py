"""What a policy says of its own exemptions: rules that exist, and an end that is still to come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds import meta
from crds.findings import Finding, Reason
from policies.decision import Action
from policies.fields import dig, items, mapping, strings, text
from policies.moments import ALL_RULES, WARNED_BEFORE, moment
from policies.nearest import nearest
from policies.rules.rule import POLICIES, BuiltInRule, PolicyRule
from policies.subject import Subject


def rules(policy_rules: tuple[PolicyRule, ...]) -> tuple[BuiltInRule, ...]:
    """The rules about exemptions, given the rules that can be exempted from."""
    known = {rule.exempt_as: rule for rule in policy_rules}

    def listed_rules(subject: Subject) -> Iterator[Finding]:
        own = {text(item, "name") for _, item in items(subject.spec, "rules")}
        for path, exemption in items(subject.spec, "exemptions"):
            for index, name in enumerate(strings(exemption, "rules")):
                if name != ALL_RULES and name not in known and name not in own:
                    likely = nearest(name, (*known, *own))
                    hint = f'did you mean "{likely}"?' if likely else "name a limit, a list, or a rule of this policy"
                    yield Finding(f"spec.{path}.rules[{index}]", Reason.NOT_SUPPORTED, f"no such rule; {hint}", name)

    def unused_rules(subject: Subject) -> Iterator[Finding]:
        for path, exemption in items(subject.spec, "exemptions"):
            for index, name in enumerate(strings(exemption, "rules")):
                rule = known.get(name)
                if rule is not None and dig(subject.spec, *rule.id.split(".")) is None:
                    message = f"this policy does not set {rule.id}, and an exemption acts on its own policy only"
                    yield Finding(f"spec.{path}.rules[{index}]", Reason.INVALID, message)

    return (
        BuiltInRule(
            id="exemptionRules",
            kinds=POLICIES,
            sentence="An exemption lists rules that exist: limits, lists, or CEL rules of its own policy.",
            check=listed_rules,
        ),
        BuiltInRule(
            id="exemptionUnused",
            kinds=POLICIES,
            sentence="An exemption is from something its own policy sets.",
            check=unused_rules,
            action=Action.WARN,
        ),
        *_ENDS,
    )


def expired(subject: Subject) -> Iterator[Finding]:
    for path, exemption in items(subject.spec, "exemptions"):
        written = text(exemption, "expirationTime")
        ends = moment(written)
        if ends is not None and ends <= subject.facts.now:
            message = "is over already: give it a later end, or remove the exemption"
            yield Finding(f"spec.{path}.expirationTime", Reason.INVALID, message, written)


def ending(subject: Subject) -> Iterator[Finding]:
    for path, exemption in items(subject.spec, "exemptions"):
        ends = moment(text(exemption, "expirationTime"))
        if ends is not None and subject.facts.now < ends <= subject.facts.now + WARNED_BEFORE:
            days = (ends - subject.facts.now).days
            left = "1 day" if days == 1 else f"{days} days"
            message = f"{text(exemption, 'name')} ends in {left}: its rules hold again then"
            yield Finding(f"spec.{path}.expirationTime", Reason.INVALID, message)


def other_namespaces(subject: Subject) -> Iterator[Finding]:
    for path, exemption in items(subject.spec, "exemptions"):
        if "namespaces" in mapping(exemption, "match"):
            message = "has no meaning here: a Policy is about its own namespace only"
            yield Finding(f"spec.{path}.match.namespaces", Reason.INVALID, message)


_ENDS: Final = (
    BuiltInRule(
        id="exemptionExpired",
        kinds=POLICIES,
        sentence="An exemption ends in the future.",
        check=expired,
    ),
    BuiltInRule(
        id="exemptionEnding",
        kinds=POLICIES,
        sentence="An exemption lasts for another 14 days at least.",
        check=ending,
        action=Action.WARN,
        timely=True,
    ),
    BuiltInRule(
        id="exemptionNamespaces",
        kinds=frozenset({meta.POLICY.kind}),
        sentence="Only a ClusterPolicy exempts by namespace.",
        check=other_namespaces,
        action=Action.WARN,
    ),
)
