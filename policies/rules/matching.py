"""A policy that is about everything by accident, or about nothing.

An empty selector selects all, so the one typo that the API server removes (`matchlabels`) turns the narrowest policy
into the widest. Whoever means everything leaves the field out; only a ClusterPolicy's namespaceSelector says it as {}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from crds.findings import Finding, Reason
from policies.decision import Action
from policies.fields import items, mapping, strings, text
from policies.moments import ALL_RULES
from policies.nearest import nearest
from policies.rules.rule import POLICIES, BuiltInRule
from policies.subject import Subject

SELECTOR_FIELDS: Final = ("matchLabels", "matchExpressions")
MATCH_FIELDS: Final = ("kinds", "names", "labelSelector", "namespaceSelector", "namespaces")
SAYING: Final = (
    "limits",
    "reservedNames",
    "allowedImages",
    "allowedBrokers",
    "requiredLabels",
    "defaults",
    "budget",
    "rules",
    "drift",
)


def everything(subject: Subject) -> Iterator[Finding]:
    yield from _empty("spec.match", subject.spec)
    yield from _match("spec.match", mapping(subject.spec, "match"), everywhere=True)
    for path, exemption in items(subject.spec, "exemptions"):
        yield from _empty(f"spec.{path}.match", exemption)
        yield from _match(f"spec.{path}.match", mapping(exemption, "match"), everywhere=False)


def exempted(subject: Subject) -> Iterator[Finding]:
    """It may be meant for some days; who means it for longer should not have to look for it."""
    for path, exemption in items(subject.spec, "exemptions"):
        if ALL_RULES in strings(exemption, "rules") and "match" not in exemption and not exemption.get("subjects"):
            message = f"{text(exemption, 'name')} switches the whole policy off: add match or subjects"
            yield Finding(f"spec.{path}", Reason.INVALID, message)


def nothing(subject: Subject) -> Iterator[Finding]:
    if not any(subject.spec.get(field) for field in SAYING):
        yield Finding("spec", Reason.INVALID, "says nothing: set limits, lists, defaults or rules")


def _empty(path: str, holder: Mapping[str, Any]) -> Iterator[Finding]:
    """What is left of a match whose only field was misspelt, once the API server has removed that."""
    match = holder.get("match")
    if isinstance(match, dict) and all(value is None for value in match.values()):
        message = "an empty match means everything: leave match out, or say what it is about"
        yield Finding(path, Reason.INVALID, message)


def _match(path: str, match: Mapping[str, Any], *, everywhere: bool) -> Iterator[Finding]:
    yield from _unknown(path, match, MATCH_FIELDS)
    if match.get("names") == []:
        yield Finding(f"{path}.names", Reason.INVALID, "an empty list means every name: leave it out, or name some")
    for field in ("labelSelector", "namespaceSelector"):
        selector = match.get(field)
        if not isinstance(selector, dict):
            continue
        yield from _unknown(f"{path}.{field}", selector, SELECTOR_FIELDS)
        if any(selector.get(key) for key in SELECTOR_FIELDS):
            continue
        if field == "namespaceSelector" and everywhere:
            if selector.keys() & set(SELECTOR_FIELDS):
                message = "an empty selector means every namespace: write {} if that is meant"
                yield Finding(f"{path}.{field}", Reason.INVALID, message)
        else:
            message = "an empty selector means everything: leave it out, or say which labels"
            yield Finding(f"{path}.{field}", Reason.INVALID, message)


def _unknown(path: str, value: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[Finding]:
    """Fields the API server would remove without a word, unless its client asked for better."""
    for key in value:
        if key not in known:
            likely = nearest(key, known)
            hint = f'; did you mean "{likely}"?' if likely else ""
            yield Finding(f"{path}.{key}", Reason.INVALID, f"no such field{hint}")


RULES: Final = (
    BuiltInRule(
        id="matchesEverything",
        kinds=POLICIES,
        sentence="A policy is not about everything by accident: no empty match, no empty list of names, no empty or "
        "misspelt selector.",
        check=everything,
    ),
    BuiltInRule(
        id="exemptsEverything",
        kinds=POLICIES,
        sentence="An exemption from every rule says for what, or for whom.",
        check=exempted,
        action=Action.WARN,
    ),
    BuiltInRule(
        id="saysNothing",
        kinds=POLICIES,
        sentence="A policy says something.",
        check=nothing,
        action=Action.WARN,
    ),
)
