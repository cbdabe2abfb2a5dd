"""Edits that a GitOps tool will undo, and the break-glass annotation for those that must be made all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crds import meta
from crds.findings import Finding, Reason
from policies import break_glass
from policies.break_glass import LONGEST, SHORTEST_REASON
from policies.decision import Action
from policies.fields import mapping, strings, text
from policies.managers import GITOPS, dotted, taken
from policies.rules.rule import ALL_KINDS, CHANGE, BuiltInRule
from policies.subject import Subject

FIELD: Final = f"metadata.annotations[{meta.ANNOTATION_BREAK_GLASS}]"
FORM: Final = "write <time, at most 24h from now> <reason>, such as 2026-11-25T23:00:00Z database is down, see INC-4711"
TOLD: Final = 8
"""Fields that are told one by one; who takes more of them away knows what the tool is."""


def gitops_drift(subject: Subject) -> Iterator[Finding]:
    if subject.previous is None or subject.glass is not None or _ignored(subject):
        return
    names = frozenset(_managers(subject)) or GITOPS
    for number, (path, manager) in enumerate(taken(subject.previous, subject.obj, names)):
        if number == TOLD:
            return
        field = dotted(path)
        name = field.rpartition(".")[2]
        message = f"{name} is managed by {manager}; this edit may be reverted: change it in Git"
        yield Finding(field, Reason.INVALID, message)


def form(subject: Subject) -> Iterator[Finding]:
    written = break_glass.annotation(subject.obj)
    if not written:
        return
    glass = break_glass.read(subject.obj)
    if glass is None:
        yield Finding(FIELD, Reason.INVALID, FORM, written)
    elif not glass.in_force(subject.facts.now):
        yield Finding(FIELD, Reason.INVALID, "is over already: give it a later time, or remove it", written)
    elif glass.until > subject.facts.now + LONGEST:
        yield Finding(FIELD, Reason.INVALID, "lasts for longer than 24h: write it again tomorrow", written)
    elif len(glass.reason) < SHORTEST_REASON:
        yield Finding(FIELD, Reason.INVALID, f"give a reason of at least {SHORTEST_REASON} characters", written)


def _ignored(subject: Subject) -> bool:
    """The strongest policy that says anything about it decides."""
    said = (text(policy.spec, "drift", "gitOps") for policy in subject.policies)
    return next((word for word in said if word), "Warn") == "Ignore"


def _managers(subject: Subject) -> tuple[str, ...]:
    named = (strings(mapping(policy.spec, "drift"), "gitOpsManagers") for policy in subject.policies)
    return next((names for names in named if names), ())


RULES: Final = (
    BuiltInRule(
        id="gitOpsDrift",
        kinds=ALL_KINDS,
        operations=CHANGE,
        sentence="A field that a GitOps tool manages is changed by that tool.",
        check=gitops_drift,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="breakGlass",
        kinds=ALL_KINDS,
        sentence="The annotation headgate.dev/break-glass gives a time, at most 24 hours from now, and a reason.",
        check=form,
    ),
)
