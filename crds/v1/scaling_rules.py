"""What must hold between the numbers of `spec.scaling`."""

from __future__ import annotations

from crds.rules import Rule

MIN_AT_MOST_MAX = Rule(
    cel="!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",
    message="must not be more than maxReplicas, {maxReplicas}",
    holds=lambda self: self.get("minReplicas", 0) <= self["maxReplicas"],
    field="minReplicas",
)
SCALING = (
    MIN_AT_MOST_MAX,
    Rule(
        cel="!has(self.fallback) || self.fallback.replicas <= self.maxReplicas",
        message="must not be more than maxReplicas, {maxReplicas}",
        holds=lambda self: self.get("fallback", {"replicas": 0})["replicas"] <= self["maxReplicas"],
        field="fallback.replicas",
    ),
    Rule(
        cel="!has(self.schedules) || self.schedules.all(s, s.minReplicas <= self.maxReplicas)",
        message="no schedule may ask for more than maxReplicas, {maxReplicas}",
        holds=lambda self: all(s["minReplicas"] <= self["maxReplicas"] for s in self.get("schedules", ())),
        field="schedules",
    ),
)
