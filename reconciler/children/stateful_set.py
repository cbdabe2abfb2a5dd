"""One StatefulSet for all revisions, which replaces nobody by itself: its drained pods are deleted by name.

`replicas` is left out as in a Deployment. Its claims are kept unless the pool says otherwise, and what they are can't
be changed. All pods are started at once, because none waits for another. A headless Service of the set's name, if the
user makes one, gives each of them a name in DNS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import meta
from kube.resources import STATEFUL_SETS
from reconciler.children.deployment import labelled
from reconciler.children.names import Owner
from reconciler.children.sizes import shape_of

RETAIN: Final = {"whenDeleted": "Retain", "whenScaled": "Retain"}
CHANGEABLE: Final = ("template", "updateStrategy", "persistentVolumeClaimRetentionPolicy")
"""What the API server lets be changed of what is set here; all else it refuses."""


def stateful_set(
    owner: Owner, template: Mapping[str, Any], revision: str, workload: Mapping[str, Any]
) -> dict[str, Any]:
    """The StatefulSet without replicas; `workload` is that of the pool's spec."""
    claims = [_claim(claim) for claim in workload.get("volumeClaimTemplates") or ()]
    spec = {
        "podManagementPolicy": "Parallel",
        "updateStrategy": {"type": "OnDelete"},
        "serviceName": owner.stateful_set,
        "selector": {"matchLabels": {meta.LABEL_POOL_UID: owner.uid}},
        "persistentVolumeClaimRetentionPolicy": RETAIN | (workload.get("persistentVolumeClaimRetentionPolicy") or {}),
        "template": labelled(owner, template, revision),
    }
    return {
        "apiVersion": STATEFUL_SETS.api_version,
        "kind": STATEFUL_SETS.kind,
        "metadata": owner.child(owner.stateful_set, revision, shape_of(template)),
        "spec": spec | ({"volumeClaimTemplates": claims} if claims else {}),
    }


def _claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim}
