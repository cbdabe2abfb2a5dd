"""The PodDisruptionBudget: no eviction of a worker, except of one that has been drained."""

from __future__ import annotations

from typing import Any

from crds import meta
from reconciler.children.blueprint import Blueprint


def budget(blueprint: Blueprint) -> dict[str, Any]:
    """It counts the pods of all revisions that are not marked as drained, and allows none of these to go."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": blueprint.metadata(blueprint.name),
        "spec": {
            "maxUnavailable": 0,
            "selector": {
                "matchLabels": {meta.LABEL_POOL: blueprint.name, meta.LABEL_POOL_UID: blueprint.uid},
                "matchExpressions": [{"key": meta.LABEL_DRAINED, "operator": "DoesNotExist"}],
            },
        },
    }


def wanted(blueprint: Blueprint) -> bool:
    return bool(blueprint.effective.get("drain.guard") != "None")
