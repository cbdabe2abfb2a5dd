"""A PodDisruptionBudget that lets nobody evict a worker, unless it has been drained.

Drained pods are outside its selector: evicting one is allowed, evicting any other is answered 429, so that
`kubectl drain` of a node waits for busy workers.
"""

from __future__ import annotations

from typing import Any

from crds import meta
from kube.resources import POD_DISRUPTION_BUDGETS
from reconciler.children.names import Owner


def disruption_budget(owner: Owner) -> dict[str, Any]:
    return {
        "apiVersion": POD_DISRUPTION_BUDGETS.api_version,
        "kind": POD_DISRUPTION_BUDGETS.kind,
        "metadata": owner.metadata(owner.disruption_budget),
        "spec": {
            "maxUnavailable": 0,
            "selector": {
                "matchLabels": {meta.LABEL_POOL_UID: owner.uid},
                "matchExpressions": [{"key": meta.LABEL_DRAINED, "operator": "DoesNotExist"}],
            },
        },
    }
