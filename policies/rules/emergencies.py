"""Edits that a GitOps tool will undo, and the break-glass annotation for those that must be made all the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crds import meta
from crds.findings import Finding, Reason
from policies import break_glass
from policies.break_glass import LONGEST, SHORTEST_REASON
from policies.decision import Action
from policies.fields import mapping, strings, text
from policies.managers import GITOPS, dotted, manages, taken, wrote
from policies.rules.rule import ALL_KINDS, CHANGE, POLICIES, WORK_KINDS, BuiltInRule
from policies.snapshot import Policies
from policies.subject import Subject

FIELD: Final = f"metadata.annotations[{meta.ANNOTATION_BREAK_GLASS}]"
FORM: Final = "write <time, at most 24h from now> <reason>, such as 2026-11-25T23:00:00Z database is down, see INC-4711"
TOLD: Final = 8
"""Fields that are told one by one; who takes more of them away knows what the tool is."""


def gitops_drift(subject: Subject) -> Iterator[Finding]:
    if subject.previous is None:
        return
    ignored, names = _drift(subject.policies)
    if not manages(subject.previous, names) or ignored or subject.glass is not None:
        return
    if subject.facts.manager in names or wrote(subject.previous, subject.obj, names):
        # The tool itself: what is taken out of Git, it gives up and changes in one write.
        return
    for number, (path, manager) in enumerate(taken(subject.previous, subject.obj, names)):
        if number == TOLD:
            return
        field = dotted(path)
        name = field.rpartition(".")[2]
        message = f"{name} is managed by {manager}; this edit may be reverted: change it in Git"
        yield Finding(field, Reason.INVALID, message)


def form(subject: Subject) -> Iterable[Finding]:
    written = break_glass.annotation(subject.obj)
    return _misformed(subject, written) if written else ()


def _misformed(subject: Subject, written: str) -> Iterator[Finding]:
    glass = break_glass.read(subject.obj)
    if glass is None:
        yield Finding(FIELD, Reason.INVALID, FORM, written)
    elif not glass.in_force(subject.facts.now):
        if not _stays(subject, written):
            yield Finding(FIELD, Reason.INVALID, "is over already: give it a later time, or remove it", written)
    elif glass.until > subject.facts.now + LONGEST:
        yield Finding(FIELD, Reason.INVALID, "lasts for longer than 24h: write it again tomorrow", written)
    elif len(glass.reason) < SHORTEST_REASON:
        yield Finding(FIELD, Reason.INVALID, f"give a reason of at least {SHORTEST_REASON} characters", written)


def over(subject: Subject) -> Iterable[Finding]:
    written = break_glass.annotation(subject.obj)
    if not written or subject.is_stored:
        return ()
    glass = break_glass.read(subject.obj)
    if glass is None or glass.in_force(subject.facts.now) or not _stays(subject, written):
        return ()
    return (Finding(FIELD, Reason.INVALID, "is over and lifts nothing: remove it at its source"),)


def _stays(subject: Subject, written: str) -> bool:
    """Whether what is over was not written for the first time: it stands there, or the reconciler took it off and the
    manifest it comes from still has it. Whoever follows Git repeats what stands there, and would be refused all of it.
    """
    return (
        written in (break_glass.annotation(subject.previous), break_glass.applied_before(subject.previous))
        or subject.facts.manager in _drift(subject.policies)[1]
    )


def without_glass(subject: Subject) -> Iterator[Finding]:
    if break_glass.annotation(subject.obj):
        message = "lifts nothing of a policy: remove it; an exemption lets something pass, with a reason and an end"
        yield Finding(FIELD, Reason.FORBIDDEN, message)


def _drift(policies: Policies) -> tuple[bool, frozenset[str]]:
    """Whether drift is ignored, and the managers it is about: the strongest policy that says anything decides each."""
    known: tuple[bool, frozenset[str]] | None = policies.kept(_drift)
    if known is None:
        known = _read_drift(policies)
        policies.keep(_drift, known)
    return known


def _read_drift(policies: Policies) -> tuple[bool, frozenset[str]]:
    said = (text(policy.spec, "drift", "gitOps") for policy in policies)
    named = (strings(mapping(policy.spec, "drift"), "gitOpsManagers") for policy in policies)
    ignored = next((word for word in said if word), "Warn") == "Ignore"
    return ignored, frozenset(next((names for names in named if names), ())) or GITOPS


RULES: Final = (
    BuiltInRule(
        id="gitOpsDrift",
        kinds=ALL_KINDS,
        operations=CHANGE,
        sentence="A field that a GitOps tool manages is changed by such a tool.",
        check=gitops_drift,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="breakGlass",
        kinds=WORK_KINDS,
        sentence="The annotation headgate.dev/break-glass gives a time, at most 24 hours from now, and a reason.",
        check=form,
    ),
    BuiltInRule(
        id="breakGlassOver",
        kinds=WORK_KINDS,
        sentence="A break-glass annotation that is over is not kept, neither on the object nor in Git.",
        check=over,
        action=Action.WARN,
        timely=True,
    ),
    BuiltInRule(
        id="breakGlassOfPolicies",
        kinds=POLICIES,
        sentence="A policy carries no break-glass: the annotation lifts nothing of it.",
        check=without_glass,
    ),
)
