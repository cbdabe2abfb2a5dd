"""A rule in CEL that a policy adds."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.rules import Rule
from crds.v1.base import Model
from crds.v1.lists import SET
from crds.v1.matching import Kinds
from crds.v1.scalars import DNSLabel, Form

Action = Literal["Deny", "Warn", "Audit"]
RuleOperation = Literal["CREATE", "UPDATE", "DELETE"]
Expression = Annotated[str, Field(min_length=1, max_length=4096)]
# A dotted path below the object, with list items as [0] or [name] and map keys as [key].
FieldPath = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*|\[[^\[\]\x00-\x20]+\])*$",
        max_length=256,
    ),
    Form("field path", "must be a path such as spec.scaling.minReplicas or metadata.labels[team]"),
]


class PolicyRule(Model):
    RULES: ClassVar = (
        Rule(
            cel="has(self.message) != has(self.messageExpression)",
            message="set exactly one of message and messageExpression",
            holds=lambda self: ("message" in self) != ("messageExpression" in self),
            field="message",
        ),
    )

    name: DNSLabel
    """Names the rule in messages and exemptions."""
    expression: Expression
    """CEL over `object`, `oldObject`, `effective`, `queues`, `namespaceObject` and `request`; true means that all is
    well."""
    message: Annotated[str | None, Field(min_length=1, max_length=1024)] = None
    """What the user is told when the expression is false."""
    message_expression: Expression | None = None
    """CEL that makes the message."""
    kinds: Kinds | None = None
    """The kinds the rule is about. Absent: those of the policy."""
    operations: Annotated[tuple[RuleOperation, ...] | None, Field(min_length=1, max_length=3), SET] = None
    """When the rule is asked. Absent: CREATE and UPDATE."""
    field_path: FieldPath | None = None
    """The field the message is about, such as spec.scaling.minReplicas. Absent: the object."""
    action: Action | None = None
    """Deny, Warn or Audit for this rule. Absent: the policy's action."""
