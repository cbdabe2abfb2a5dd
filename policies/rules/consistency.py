"""A policy against itself: defaults that its own limits refuse, and limits that nothing can keep.

An object that says nothing at all is judged by the policy alone. What it finds there about a default of the policy is a
contradiction; what it finds about a built-in value means that every object has to say something.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds import meta
from crds.findings import Finding, Reason
from policies import builtin
from policies.decision import Action
from policies.facts import Facts, Operation
from policies.fields import dig, integer, mapping
from policies.memory import MemorySnapshot
from policies.projection import policy_view
from policies.rules.rule import POLICIES, BuiltInRule, PolicyRule
from policies.snapshot import Policies, PolicyView
from policies.subject import Subject

LEAST: Final = ("maxConcurrency", "maxInFlight")
"""Limits below which no object can be: the API's own minimum is 1."""


def rules(policy_rules: tuple[PolicyRule, ...]) -> tuple[BuiltInRule, ...]:
    """The rules about a policy's own consistency, given the rules it can set."""

    def contradictions(subject: Subject) -> Iterator[Finding]:
        for rule, finding, origin in _silent(subject, policy_rules):
            if origin == _origin(subject) and finding.reason is not Reason.REQUIRED:
                message = f"{finding.message}, by {rule.id} of this policy"
                yield Finding(_default(finding.field), Reason.INVALID, message)
        yield from _bounds(subject)

    def surprises(subject: Subject) -> Iterator[Finding]:
        for rule, finding, origin in _silent(subject, policy_rules):
            if origin == builtin.ORIGIN:
                kind, built_in = "/".join(sorted(rule.kinds)), str(finding.value).partition(",")[0]
                message = f"{built_in} is built in: set {_default(finding.field)}, or every {kind} must say it"
                yield Finding(f"spec.{rule.id}", Reason.INVALID, message)

    return (
        BuiltInRule(
            id="contradictsItself",
            kinds=POLICIES,
            sentence="A policy's defaults keep its own limits, and its limits can be kept.",
            check=contradictions,
        ),
        BuiltInRule(
            id="refusesSilence",
            kinds=POLICIES,
            sentence="What holds where nobody says anything keeps a policy's limits.",
            check=surprises,
            action=Action.WARN,
        ),
    )


def _silent(subject: Subject, policy_rules: tuple[PolicyRule, ...]) -> Iterator[tuple[PolicyRule, Finding, str]]:
    """What each limit finds in an object that says nothing, with who set the value it found."""
    view, seen = policy_view(subject.kind, subject.obj), set[tuple[str, Finding]]()
    for kind in (meta.QUEUE.kind, meta.WORKER_POOL.kind):
        silent = _silent_object(subject, kind, view)
        for rule in policy_rules:
            limit = rule.prepare(dig(subject.spec, *rule.id.split(".")))
            if limit is None or not rule.covers(kind, Operation.CREATE, ""):
                continue
            for breach in rule.check(silent, limit):
                if (rule.id, breach.finding) in seen:
                    continue
                seen.add((rule.id, breach.finding))
                yield rule, breach.finding, _set_by(silent, breach.finding, view)


def _silent_object(subject: Subject, kind: str, view: PolicyView) -> Subject:
    facts = Facts(kind, Operation.CREATE, None, None, MemorySnapshot(), subject.facts.now)
    labels = dict(mapping(view.spec, "defaults", "labels"))
    return Subject(facts, {"metadata": {"labels": labels}, "spec": {}}, None, Policies((view,)))


def _set_by(silent: Subject, finding: Finding, view: PolicyView) -> str:
    path = finding.field.removeprefix("spec.")
    if path.startswith("metadata.labels["):
        return f"{view.kind} {view.name}"
    found = (origin for leaf, origin in silent.effective.origins.items() if leaf == path or leaf.startswith(f"{path}."))
    return next(found, "")


def _bounds(subject: Subject) -> Iterator[Finding]:
    limits = mapping(subject.spec, "limits")
    for name in LEAST:
        if integer(limits, name) == 0:
            yield Finding(f"spec.limits.{name}", Reason.INVALID, "at least 1, or no WorkerPool could exist", 0)
    most, least = integer(limits, "maxReplicasPerPool"), integer(subject.spec, "defaults", "scaling", "minReplicas")
    if most is not None and least is not None and least > most:
        message = f"at most {most}, by limits.maxReplicasPerPool of this policy"
        yield Finding("spec.defaults.scaling.minReplicas", Reason.INVALID, message, least)


def _default(field: str) -> str:
    return f"spec.defaults.{field.removeprefix('spec.').removeprefix('metadata.')}"


def _origin(subject: Subject) -> str:
    return f"{subject.kind} {subject.name}"
