"""The static rules of the API itself, told beside the policies' so that one answer lists everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import crds
from crds import meta
from crds.conversion import unsaid
from crds.effect import why
from crds.findings import Finding, Reason
from policies.decision import Action
from policies.fields import mapping
from policies.rules.rule import ALL_KINDS, BuiltInRule
from policies.subject import Subject


def schema(subject: Subject) -> tuple[Finding, ...]:
    return () if subject.is_fine else crds.closely(subject.kind, subject.obj, subject.previous)


def without_effect(subject: Subject) -> Iterator[Finding]:
    for path in crds.without_effect(subject.kind, subject.obj):
        yield Finding(path, Reason.INVALID, f"no effect: {why(subject.kind, path)}")


def only_in_beta(subject: Subject) -> Iterable[Finding]:
    """Said once, when it is written: an object that is edited in v1 has carried it along before."""
    carries = meta.ANNOTATION_CONVERSION_DATA in mapping(subject.obj, "metadata", "annotations")
    return _only_in_beta(subject) if carries else ()


def _only_in_beta(subject: Subject) -> Iterator[Finding]:
    before = unsaid(subject.previous) if subject.previous is not None else {}
    for path, instead in unsaid(subject.obj).items():
        if path not in before:
            yield Finding(path, Reason.INVALID, f"no effect: {instead}")


RULES: Final = (
    BuiltInRule(
        id="schema",
        kinds=ALL_KINDS,
        sentence="The object satisfies the schema and the CEL rules of its kind.",
        check=schema,
    ),
    BuiltInRule(
        id="withoutEffect",
        kinds=ALL_KINDS,
        sentence="Every field that is set has an effect in this version.",
        check=without_effect,
        action=Action.WARN,
        timely=True,
    ),
    BuiltInRule(
        id="onlyInV1beta1",
        kinds=ALL_KINDS,
        sentence="Every field of v1beta1 that is set has an effect in v1.",
        check=only_in_beta,
        action=Action.WARN,
        timely=True,
    ),
)
