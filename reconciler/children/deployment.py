"""One Deployment a revision, paused, so that nobody's edit of it rolls a worker.

`replicas` is left out of what is applied: it is written once at creation and then only by tested patches.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from crds import meta
from kube.resources import DEPLOYMENTS
from reconciler.children.environment import REVISION
from reconciler.children.names import Owner
from reconciler.children.sizes import shape_of
from reconciler.children.template import WORKER

PROGRESS_SECONDS: Final = 600


def deployment(owner: Owner, template: Mapping[str, Any], revision: str, *, paused: bool) -> dict[str, Any]:
    """The Deployment without replicas. It is born unpaused, because a paused one never makes its ReplicaSet."""
    selector = {meta.LABEL_POOL_UID: owner.uid, meta.LABEL_REVISION: revision}
    return {
        "apiVersion": DEPLOYMENTS.api_version,
        "kind": DEPLOYMENTS.kind,
        "metadata": owner.child(owner.deployment(revision), revision, shape_of(template)),
        "spec": {
            "paused": paused,
            "progressDeadlineSeconds": PROGRESS_SECONDS,
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": selector},
            "template": labelled(owner, template, revision),
        },
    }


def labelled(owner: Owner, template: Mapping[str, Any], revision: str) -> dict[str, Any]:
    made = deepcopy(dict(template))
    made["metadata"]["labels"] = {**made["metadata"]["labels"], **owner.labels, meta.LABEL_REVISION: revision}
    for container in made["spec"]["containers"]:
        if container["name"] == WORKER:
            container["env"] = [{"name": REVISION, "value": revision}, *container["env"]]
    return made
