"""One revision's Deployment: paused, owned by nobody, its replicas written only by the drain protocol.

Paused, so that no edit of its template and no `kubectl rollout restart` rolls anything. A paused Deployment never makes
its first ReplicaSet, so it is born unpaused and paused as soon as that exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import meta
from reconciler.children.blueprint import Blueprint, child_name
from reconciler.children.template import pod_template

BORN: Final = "deployment.kubernetes.io/revision"
"""The Deployment controller writes it when it has made the ReplicaSet."""
DEADLINE_SECONDS: Final = 2_147_483_647
"""Progress is judged by us; this value switches the controller's own judgement off."""


def deployment(blueprint: Blueprint, revision: str, *, paused: bool) -> dict[str, Any]:
    """As it is applied: without replicas, which an apply must never touch."""
    selector = {
        meta.LABEL_POOL: blueprint.name,
        meta.LABEL_POOL_UID: blueprint.uid,
        meta.LABEL_REVISION: revision,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": blueprint.metadata(child_name(blueprint.name, revision), {meta.LABEL_REVISION: revision}),
        "spec": {
            "paused": paused,
            "selector": {"matchLabels": selector},
            "revisionHistoryLimit": 2,
            "progressDeadlineSeconds": DEADLINE_SECONDS,
            # Only where somebody unpauses it: then nothing old goes before something new is there.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": pod_template(blueprint, selector),
        },
    }


def newborn(blueprint: Blueprint, revision: str, replicas: int) -> dict[str, Any]:
    """As it is created."""
    manifest = deployment(blueprint, revision, paused=False)
    manifest["spec"]["replicas"] = replicas
    return manifest


def born(live: Mapping[str, Any]) -> bool:
    """Whether its ReplicaSet exists, so that it can be paused."""
    return BORN in (live["metadata"].get("annotations") or {})
