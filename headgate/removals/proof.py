"""Whether a worker might have been removed when it was: the delete guard's own question, asked afterwards. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from crds import meta
from policies import break_glass
from reconciler.phases.pool.pods import FORCED, WARM

WORKER: Final = "worker"
NODES: Final = "system:nodes"
NAMESPACES: Final = "system:serviceaccount:kube-system:namespace-controller"

Pod = Mapping[str, Any]


class Proof(StrEnum):
    """Why a removal was right; the value is how a summary counts it."""

    DRAINED = "proved idle"
    FORCED = "over drain.timeout, as drain.onTimeout says"
    WARM = "ended by SIGTERM and its grace period, as drain.method says"
    NOT_RUNNING = "without a running worker"
    FINISHED = "finished already"
    DISRUPTED = "disrupted by the cluster"
    NODE = "ended by their node"
    NAMESPACE = "gone with their namespace"
    BREAK_GLASS = "under break-glass"
    NONE = "without proof"
    UNKNOWN = "not to be judged: the audit policy keeps no bodies of pods"


BY_MARK: Final[Mapping[str, Proof]] = {FORCED: Proof.FORCED, WARM: Proof.WARM}


def proof_of(pod: Pod, user: str, groups: tuple[str, ...], at: datetime) -> Proof:
    """What justified that this user removed the pod as it was."""
    annotations, status = _map(pod, "metadata", "annotations"), _map(pod, "status")
    if status.get("phase") in ("Succeeded", "Failed"):
        return Proof.FINISHED
    if NODES in groups:
        return Proof.NODE
    if any(one.get("type") == "DisruptionTarget" and one.get("status") == "True" for one in _list(status)):
        return Proof.DISRUPTED
    running = _running(status)
    if running is None:
        return Proof.NOT_RUNNING
    if running and annotations.get(meta.ANNOTATION_DRAINED_INSTANCE) == running:
        return BY_MARK.get(_map(pod, "metadata", "labels").get(meta.LABEL_DRAINED, ""), Proof.DRAINED)
    if user == NAMESPACES:
        return Proof.NAMESPACE
    return Proof.BREAK_GLASS if _glass_holds(pod, at) else Proof.NONE


def _glass_holds(pod: Pod, at: datetime) -> bool:
    """The guard knows no time, so it lets through what is over, or was written for longer than anybody may."""
    glass = break_glass.read(pod)
    return glass is not None and at < glass.until <= at + break_glass.LONGEST


def _running(status: Mapping[str, Any]) -> str | None:
    """The id of the worker's container where it runs; None where it does not."""
    for container in status.get("containerStatuses") or ():
        if container.get("name") == WORKER and "running" in (container.get("state") or {}):
            return str(container.get("containerID") or "")
    return None


def _list(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(status.get("conditions") or ())


def _map(obj: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for key in path:
        obj = obj.get(key) or {}
    return obj
