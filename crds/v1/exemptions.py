"""Exemptions from a policy: for whom, why, and until when."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.rules import Rule
from crds.v1.base import Model
from crds.v1.lists import ATOMIC, SET
from crds.v1.matching import ExemptionMatch
from crds.v1.scalars import DNSLabel, Form, Time

SubjectKind = Literal["User", "Group", "ServiceAccount"]
RuleName = Annotated[
    str,
    Field(pattern=r"^(\*|[A-Za-z][-A-Za-z0-9.]*)$", max_length=128),
    Form("name or *", "must be the name of a limit, list or rule, or *"),
]


class Subject(Model):
    RULES: ClassVar = (
        Rule(
            cel="(self.kind == 'ServiceAccount') == has(self.namespace)",
            message="a ServiceAccount needs its namespace, users and groups have none",
            holds=lambda self: (self["kind"] == "ServiceAccount") == ("namespace" in self),
            field="namespace",
        ),
    )

    kind: SubjectKind
    """User, Group or ServiceAccount."""
    name: Annotated[str, Field(min_length=1, max_length=256)]
    """Its name."""
    namespace: DNSLabel | None = None
    """The namespace of a ServiceAccount."""


class Exemption(Model):
    """Exempts from rules of this policy only."""

    name: DNSLabel
    """Names the exemption in messages and in the audit log."""
    rules: Annotated[tuple[RuleName, ...], Field(min_length=1, max_length=64), SET]
    """What is not judged: names of limits (maxReplicasPerPool), of lists (allowedImages) or of rules; * for all."""
    match: ExemptionMatch | None = None
    """Objects that are exempt. Absent: all the policy is about."""
    subjects: Annotated[tuple[Subject, ...] | None, Field(max_length=64), ATOMIC] = None
    """Who is exempt. Absent: everybody."""
    reason: Annotated[str, Field(min_length=10, max_length=1024)]
    """Why, in at least 10 characters."""
    expiration_time: Time
    """When the exemption ends."""
