"""Which nodes are to be emptied of workers: cordoned ones, and those that an autoscaler is about to remove. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TAINTS: Final = frozenset({"ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption"})
"""By which autoscalers say that a node goes. What they only think about has other taints, and may stay."""
HURRIED: Final = frozenset({"ToBeDeletedByClusterAutoscaler"})
"""Who gives up after two minutes where a worker is still there; the others wait as long as its budget lets them."""
_KEPT: Final = ("name", "uid", "resourceVersion")

Object = Mapping[str, Any]


def is_leaving(node: Object) -> bool:
    spec = node.get("spec") or {}
    return bool(spec.get("unschedulable")) or any(taint["key"] in TAINTS for taint in spec.get("taints") or ())


def is_hurried(node: Object) -> bool:
    """Whether its workers have no time to wait for others."""
    return any(taint["key"] in HURRIED for taint in (node.get("spec") or {}).get("taints") or ())


def trimmed(node: Object) -> dict[str, Any]:
    """What is worth keeping of a Node, of whose 20 KB most is the names of images."""
    spec = {field: node["spec"][field] for field in ("unschedulable", "taints") if field in (node.get("spec") or {})}
    metadata = {field: node["metadata"][field] for field in _KEPT if field in node["metadata"]}
    return {"kind": node["kind"], "metadata": metadata, "spec": spec}
