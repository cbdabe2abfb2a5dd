"""What runs a pool's workers: Deployments, one for each revision, or one StatefulSet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kube.resources import DEPLOYMENTS, STATEFUL_SETS, Resource
from reconciler.children.deployment import deployment
from reconciler.children.names import Owner
from reconciler.children.stateful_set import CHANGEABLE, stateful_set


def is_stateful(spec: Mapping[str, Any]) -> bool:
    """Whether a pool of this spec runs as a StatefulSet. That cannot be changed."""
    return (spec.get("workload") or {}).get("type") == STATEFUL_SETS.kind


def resource_of(spec: Mapping[str, Any]) -> Resource:
    return STATEFUL_SETS if is_stateful(spec) else DEPLOYMENTS


def child(owner: Owner, spec: Mapping[str, Any], template: Mapping[str, Any], revision: str) -> dict[str, Any]:
    """The child as it is while nothing is being set up, without replicas."""
    if is_stateful(spec):
        return stateful_set(owner, template, revision, spec["workload"])
    return deployment(owner, template, revision, paused=True)


def changeable(spec: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Of a child's own spec, what may be written again."""
    return {field: wanted[field] for field in CHANGEABLE} if is_stateful(spec) else dict(wanted)
