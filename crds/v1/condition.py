"""Conditions, in the shape of metav1.Condition."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crds.v1.base import Model
from crds.v1.lists import map_by
from crds.v1.scalars import Anything, CamelWord, Count64, ShortText, Time

ConditionStatus = Literal["True", "False", "Unknown"]


class Condition(Model):
    type: CamelWord
    """What the condition is about."""
    status: ConditionStatus
    """True, False or Unknown."""
    observed_generation: Count64 | None = None
    """The generation of the object this was said about; older than metadata.generation means out of date."""
    last_transition_time: Time
    """When the status last changed."""
    reason: CamelWord
    """One stable CamelCase word for programs; the documentation lists them."""
    message: Annotated[str, Field(max_length=4096)]
    """The same for people."""


Conditions = Annotated[tuple[Condition, ...], Field(max_length=16), map_by("type")]


class EffectiveValue(Model):
    value: Anything = None
    """The value in force."""
    origin: ShortText
    """Who set it: `spec`, `Policy <name>`, `ClusterPolicy <name>` or `built-in`."""


Effective = Annotated[dict[str, EffectiveValue], Field(max_length=128)]
