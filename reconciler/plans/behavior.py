"""`scaling.behavior` with the semantics of autoscaling/v2: what it says, defaults filled in.

The defaults are those of Kubernetes 1.36 (pkg/apis/autoscaling/v2/defaults.go): growth by the larger of 4 pods and 100
percent in 15 s without a window, shrinking by 100 percent in 15 s to the highest recommendation of 300 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from crds import quantity

TOLERANCE: Final = Fraction(1, 10)


class PolicyType(StrEnum):
    PODS = "Pods"
    PERCENT = "Percent"


class Select(StrEnum):
    """Which policy of several wins: the one that allows the most change, the least, or no change at all."""

    MAX = "Max"
    MIN = "Min"
    DISABLED = "Disabled"


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `value` pods, or percent of the replicas at the start of the period, in `period` seconds."""

    type: PolicyType
    value: int
    period: float


@dataclass(frozen=True, slots=True)
class Rules:
    """One direction. Of the recommendations of the last `window` seconds the most cautious is followed."""

    window: float
    policies: tuple[Policy, ...]
    select: Select = Select.MAX
    tolerance: Fraction = TOLERANCE


UP: Final = Rules(0.0, (Policy(PolicyType.PODS, 4, 15.0), Policy(PolicyType.PERCENT, 100, 15.0)))
DOWN: Final = Rules(300.0, (Policy(PolicyType.PERCENT, 100, 15.0),))


@dataclass(frozen=True, slots=True)
class Behavior:
    up: Rules = UP
    down: Rules = DOWN


def parsed(given: Mapping[str, Any] | None) -> Behavior | None:
    """`spec.scaling.behavior` as stored, with the defaults of autoscaling/v2; None for none."""
    if not given:
        return None
    return Behavior(_rules(given.get("scaleUp"), UP), _rules(given.get("scaleDown"), DOWN))


def _rules(given: Mapping[str, Any] | None, default: Rules) -> Rules:
    if not given:
        return default
    window, tolerance = given.get("stabilizationWindowSeconds"), given.get("tolerance")
    policies = given.get("policies")
    return Rules(
        window=default.window if window is None else float(window),
        policies=default.policies if not policies else tuple(_policy(one) for one in policies),
        select=Select(given.get("selectPolicy") or Select.MAX),
        tolerance=default.tolerance if tolerance is None else Fraction(quantity.parse(tolerance)),
    )


def _policy(given: Mapping[str, Any]) -> Policy:
    return Policy(PolicyType(given["type"]), given["value"], float(given["periodSeconds"]))
