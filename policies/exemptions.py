"""Exemptions from a policy: for which of its rules, for which objects, for whom, and until when.

An exemption acts on its own policy only. One that names subjects is about the person who writes, so it has no effect
where nobody writes: the audit of stored objects counts what such a person was let do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policies.facts import User
from policies.fields import items, mapping, strings, text
from policies.moments import ALL_RULES, WARNED_BEFORE, moment
from policies.rules.rule import WORK_KINDS, Rule
from policies.selectors import LabelTest, NameTest, label_test, name_test
from policies.subject import Subject


@dataclass(frozen=True, slots=True, eq=False)
class Exemption:
    """One exemption, made ready to be asked. `users` and `groups` are None where it is for everybody."""

    name: str
    rules: frozenset[str]
    kinds: frozenset[str]
    names: NameTest | None
    namespaces: NameTest | None
    labels: LabelTest | None
    users: frozenset[str] | None
    groups: frozenset[str]
    expires: datetime

    def lists(self, rule: Rule) -> bool:
        return ALL_RULES in self.rules or rule.exempt_as in self.rules

    def holds(self, subject: Subject) -> bool:
        """Whether it is about this object, this person and this moment."""
        return (
            subject.facts.now < self.expires
            and subject.kind in self.kinds
            and (self.names is None or self.names(subject.name))
            and (self.namespaces is None or self.namespaces(subject.namespace))
            and (self.labels is None or self.labels(subject.labels))
            and self._for(subject.facts.user)
        )

    def ends_soon(self, now: datetime) -> bool:
        return now < self.expires <= now + WARNED_BEFORE

    def _for(self, user: User) -> bool:
        return self.users is None or user.name in self.users or not self.groups.isdisjoint(user.groups)


def of_policy(spec: Mapping[str, Any]) -> Iterator[Exemption]:
    """The exemptions of a policy, expired ones included; one whose end cannot be read is none."""
    for _, item in items(spec, "exemptions"):
        expires = moment(text(item, "expirationTime"))
        if expires is not None:
            yield _exemption(item, expires)


def _exemption(item: Mapping[str, Any], expires: datetime) -> Exemption:
    match = mapping(item, "match")
    subjects = [subject for _, subject in items(item, "subjects")]
    return Exemption(
        name=text(item, "name"),
        rules=frozenset(strings(item, "rules")),
        kinds=frozenset(strings(match, "kinds")) or WORK_KINDS,
        names=name_test(strings(match, "names")),
        namespaces=name_test(strings(match, "namespaces")),
        labels=label_test(mapping(match, "labelSelector")),
        users=frozenset(user for subject in subjects if (user := _user(subject))) if subjects else None,
        groups=frozenset(text(subject, "name") for subject in subjects if text(subject, "kind") == "Group"),
        expires=expires,
    )


def _user(subject: Mapping[str, Any]) -> str:
    """The name by which the API server knows a user or a service account; "" for a group."""
    match text(subject, "kind"):
        case "User":
            return text(subject, "name")
        case "ServiceAccount":
            return f"system:serviceaccount:{text(subject, 'namespace')}:{text(subject, 'name')}"
        case _:
            return ""
