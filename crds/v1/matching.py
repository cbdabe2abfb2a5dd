"""Which objects a policy, or an exemption from it, is about."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from crds.rules import Rule
from crds.v1.base import Model
from crds.v1.lists import ATOMIC, SET
from crds.v1.scalars import Glob, KindName, LabelKey, LabelValue

SelectorOperator = Literal["In", "NotIn", "Exists", "DoesNotExist"]
Kinds = Annotated[tuple[KindName, ...], Field(min_length=1, max_length=2), SET]
Globs = Annotated[tuple[Glob, ...], Field(max_length=100), SET]


class SelectorRequirement(Model):
    RULES: ClassVar = (
        Rule(
            cel="(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
            message="In and NotIn need values, Exists and DoesNotExist take none",
            holds=lambda self: (self["operator"] in ("In", "NotIn")) == bool(self.get("values")),
            field="values",
        ),
    )

    key: LabelKey
    """The label's key."""
    operator: SelectorOperator
    """In, NotIn, Exists or DoesNotExist."""
    values: Annotated[tuple[LabelValue, ...] | None, Field(max_length=64), ATOMIC] = None
    """The values for In and NotIn."""


class LabelSelector(Model):
    """Selects by labels; what is given must all hold, and an empty selector selects everything."""

    match_labels: Annotated[dict[str, LabelValue] | None, Field(max_length=64)] = None
    """Labels that must have these values."""
    match_expressions: Annotated[tuple[SelectorRequirement, ...] | None, Field(max_length=64), ATOMIC] = None
    """Conditions on labels."""


class Match(Model):
    kinds: Kinds | None = None
    """The kinds the policy is about. Absent: Queue and WorkerPool."""
    names: Globs | None = None
    """Names of objects, with * and ? as wildcards. Absent: all."""
    label_selector: LabelSelector | None = None
    """Labels the object must have. Absent: all objects."""


class ClusterMatch(Match):
    namespace_selector: LabelSelector
    """Labels the namespace must have; `{}` means every namespace."""


class ExemptionMatch(Match):
    namespaces: Globs | None = None
    """Names of namespaces, with * and ? as wildcards; has a meaning in a ClusterPolicy. Absent: all."""
