"""A Deployment that is not ours and whose workers a pool takes over: what it is, and what it can be asked. Pure.

Its pods were not made by Headgate. One that keeps the worker contract (a container `worker` that reads the drain
request from a downward-API file) can prove itself idle like any other, and the delete guard covers it as soon as it is
labelled. Of any other nothing can be known, so it is left alone unless the pool chooses SIGTERM for its workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crds import meta
from reconciler.children.template import WORKER
from reconciler.ownership import autoscaler_at
from reconciler.reasons import Reason

Object = Mapping[str, Any]

REQUEST_FIELD: Final = f"metadata.annotations['{meta.ANNOTATION_DRAIN}']"
HASH: Final = "pod-template-hash"
DEFAULT_GRACE_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why it is not touched, and what to do about it."""

    reason: Reason
    message: str


def selector_of(deployment: Object) -> str:
    """Its selector as text, as lists take it."""
    selector = deployment["spec"]["selector"]
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    return ",".join([*parts, *map(_expression, selector.get("matchExpressions") or ())])


def _expression(term: Object) -> str:
    key, values = term["key"], ",".join(term.get("values") or ())
    match term["operator"]:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "Exists":
            return str(key)
        case _:
            return f"!{key}"


def deployment_of(pod: Object) -> str:
    """The name of the Deployment whose ReplicaSet controls a pod; empty where none does."""
    metadata = pod["metadata"]
    digest = (metadata.get("labels") or {}).get(HASH, "")
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller") and owner["kind"] == "ReplicaSet" and digest:
            name, dash, suffix = str(owner["name"]).rpartition("-")
            return name if dash and suffix == digest else ""
    return ""


def as_revision(obj: Object, revision: str) -> dict[str, Any]:
    """The object as the plans see it: as one of a revision of the pool that is called like the Deployment."""
    metadata = obj["metadata"]
    labels = {**(metadata.get("labels") or {}), meta.LABEL_REVISION: revision}
    return {**obj, "metadata": {**metadata, "labels": labels}}


def obstacle(
    deployment: Object, pools: Iterable[Object], autoscalers: Iterable[Object], *, warm: bool, taken: bool
) -> Obstacle | None:
    """`pools` are those of the namespace, `taken` whether this pool has begun already."""
    name = str(deployment["metadata"]["name"])
    for pool in pools:
        if pool["metadata"]["uid"] == (deployment["metadata"].get("labels") or {}).get(meta.LABEL_POOL_UID):
            owner = pool["metadata"]["name"]
            return Obstacle(Reason.TAKE_OVER_REFUSED, f"Deployment {name} is WorkerPool {owner}'s own: name another")
    if scaler := autoscaler_at("Deployment", name, autoscalers):
        message = f"HorizontalPodAutoscaler {scaler} sets the replicas of Deployment {name}: delete it first"
        return Obstacle(Reason.ANOTHER_AUTOSCALER, message)
    if not taken and _rolling(deployment):
        return Obstacle(Reason.TAKE_OVER_WAITS, f"Deployment {name} is in the middle of a rolling update of its own")
    if not warm and not keeps_contract(deployment["spec"]["template"]):
        return Obstacle(Reason.CANNOT_PROVE, _cannot_prove(name, deployment))
    return None


def keeps_contract(template: Object) -> bool:
    """Whether the worker reads the drain request where Headgate writes it."""
    spec = template["spec"]
    asked = {volume["name"] for volume in spec.get("volumes") or () if _brings_request(volume)}
    worker: Object = next((one for one in spec["containers"] if one["name"] == WORKER), {})
    return any(mount["name"] in asked for mount in worker.get("volumeMounts") or ())


def grace_of(deployment: Object) -> int:
    return int(deployment["spec"]["template"]["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS))


def unlabelled(pods: Sequence[Object]) -> list[Object]:
    """Those that the delete guard does not know yet. A label that is there is its selector's, and stays."""
    return [pod for pod in pods if meta.LABEL_POOL not in (pod["metadata"].get("labels") or {})]


def _brings_request(volume: Object) -> bool:
    items = (volume.get("downwardAPI") or {}).get("items") or ()
    return any((item.get("fieldRef") or {}).get("fieldPath") == REQUEST_FIELD for item in items)


def _rolling(deployment: Object) -> bool:
    status, metadata = deployment.get("status") or {}, deployment["metadata"]
    behind = status.get("observedGeneration", 0) < metadata["generation"]
    return bool(behind or status.get("updatedReplicas", 0) != status.get("replicas", 0))


def _cannot_prove(name: str, deployment: Object) -> str:
    grace = grace_of(deployment)
    return (
        f"The workers of Deployment {name} cannot say that they are idle, so none is removed. To have them ended by"
        f" SIGTERM, with their own {grace} s for what they run, set drain.method: Signal; or scale it down yourself:"
        f" kubectl scale deployment {name} --replicas=N"
    )
