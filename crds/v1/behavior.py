"""autoscaling/v2 scaling behavior, field for field; where a pool gives it, these semantics apply exactly."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crds.v1.base import Model
from crds.v1.lists import ATOMIC
from crds.v1.scalars import Int, Quantity

PolicyType = Literal["Pods", "Percent"]
SelectPolicy = Literal["Max", "Min", "Disabled"]


class ScalingPolicy(Model):
    type: PolicyType
    """Pods or Percent."""
    value: Annotated[Int, Field(ge=1, le=100_000, json_schema_extra={"format": "int32"})]
    """How many pods, or how many percent of the replicas, may be added or removed in a period."""
    period_seconds: Annotated[Int, Field(ge=1, le=1800, json_schema_extra={"format": "int32"})]
    """The period in seconds, 1 to 1800."""


class ScalingRules(Model):
    stabilization_window_seconds: Annotated[Int | None, Field(ge=0, le=3600, json_schema_extra={"format": "int32"})] = (
        None
    )
    """Of the recommendations of this many seconds the most cautious one is followed. Absent: 0 for up, 300 for down."""
    select_policy: SelectPolicy | None = None
    """Which policy wins: the one that allows the most change, the least, or none at all. Absent: Max."""
    policies: Annotated[tuple[ScalingPolicy, ...] | None, Field(max_length=16), ATOMIC] = None
    """How much may change in a period. Absent: the defaults of autoscaling/v2."""
    tolerance: Quantity | None = None
    """Deviations from the target up to this share are ignored. Absent: 0.1, as the cluster's own autoscaler has it."""


class Behavior(Model):
    scale_up: ScalingRules | None = None
    """How fast replicas are added."""
    scale_down: ScalingRules | None = None
    """How fast replicas are removed. A busy worker is never removed, whatever this allows."""
