"""What a policy finds among the objects that are stored."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from crds.v1.base import Model
from crds.v1.condition import Conditions
from crds.v1.lists import ATOMIC
from crds.v1.scalars import Count32, Count64, KindName, ShortText, Text, Time


class Sample(Model):
    kind: KindName
    """The kind of the object."""
    namespace: Annotated[str | None, Field(max_length=63)] = None
    """Its namespace."""
    name: Annotated[str, Field(max_length=253)]
    """Its name."""
    field: Annotated[str | None, Field(max_length=512)] = None
    """The field that breaks the policy."""
    rule: ShortText | None = None
    """The limit, list or rule that is broken."""
    message: Text | None = None
    """What is wrong."""


class ReadyToEnforce(Model):
    since: Time | None = None
    """Since when the policy, as Deny, would have refused nothing."""
    would_refuse: Count32 | None = None
    """How many stored objects it would refuse now."""


class PolicyStatus(Model):
    observed_generation: Count64 | None = None
    """The generation of the spec this status is about."""
    violations: Count32 | None = None
    """Stored objects that break the policy."""
    exempted: Count32 | None = None
    """Stored objects that would break it, were they not exempt."""
    active_exemptions: Count32 | None = None
    """Exemptions that have not expired."""
    samples: Annotated[tuple[Sample, ...] | None, Field(max_length=10), ATOMIC] = None
    """Some of the violations, at most 10."""
    ready_to_enforce: ReadyToEnforce | None = None
    """What would happen under Deny; for policies that warn or audit."""
    conditions: Conditions | None = None
    """Ready, Conflicted."""
