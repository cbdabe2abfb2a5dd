"""Carrying out what a removal plan says: one request an action, each with the preconditions it was decided on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from crds import meta
from kube.client import Client, Object
from kube.resources import DEPLOYMENTS, PODS, STATEFUL_SETS
from reconciler.children.template import LEFT_ALONE
from reconciler.phases.pool.pods import FORCED, PROVED, WARM, request_text
from reconciler.plans.actions import Action, Cancel, DeleteMarked, Hasten, Mark, Request, Scale, Unmark
from reconciler.plans.child import Child, Pod
from reconciler.plans.removal import KILL_SECONDS

LEAST_COST: Final = "-2147483648"


async def perform(client: Client, namespace: str, child: Child, action: Action, now: datetime) -> Object | None:
    """The child as it is after it was scaled; None after anything else.

    Raises Conflict or Invalid where the world has moved on, NotFound where the pod is gone.
    """
    match action:
        case Scale():
            return await _scale(client, namespace, child, action)
        case DeleteMarked(pod):
            await client.delete(PODS, pod.name, namespace, uid=pod.uid, resource_version=pod.version)
        case Request(pod, reason):
            annotations: dict[str, str | None] = {meta.ANNOTATION_DRAIN: request_text(reason, now)}
            await _patch(client, namespace, pod, annotations, {})
        case Cancel(pod):
            annotations = {meta.ANNOTATION_DRAIN: None, meta.ANNOTATION_DELETION_COST: None, **_unmarked(pod)}
            await _patch(client, namespace, pod, annotations, {meta.LABEL_DRAINED: None})
        case Unmark(pod):
            await _patch(client, namespace, pod, _unmarked(pod), {meta.LABEL_DRAINED: None})
        case Hasten(pod):
            await client.delete(PODS, pod.name, namespace, uid=pod.uid, grace_seconds=round(KILL_SECONDS))
        case Mark():
            await _mark(client, namespace, action, now)
    return None


def _unmarked(pod: Pod) -> dict[str, str | None]:
    """Without its mark a worker is not to be taken with its node again. Its cost stays as long as the request does:
    should the ReplicaSet choose now, this worker at least takes nothing.
    """
    return {meta.ANNOTATION_DRAINED_INSTANCE: None, **(LEFT_ALONE if pod.bound is not None else {})}


async def _mark(client: Client, namespace: str, mark: Mark, now: datetime) -> None:
    annotations: dict[str, str | None] = {
        meta.ANNOTATION_DRAINED_INSTANCE: mark.pod.container,
        meta.ANNOTATION_DELETION_COST: LEAST_COST,
        # Whoever empties nodes need not spare it any longer.
        **dict.fromkeys(LEFT_ALONE),
    }
    if mark.reason is not None:
        annotations[meta.ANNOTATION_DRAIN] = request_text(mark.reason, now)
    labels = {meta.LABEL_DRAINED: FORCED if mark.forced else WARM if mark.warm else PROVED}
    await _patch(client, namespace, mark.pod, annotations, labels)


async def _patch(
    client: Client,
    namespace: str,
    pod: Pod,
    annotations: Mapping[str, str | None],
    labels: Mapping[str, str | None],
) -> None:
    metadata: dict[str, Any] = {"uid": pod.uid, "resourceVersion": pod.version}
    metadata |= {"annotations": annotations, "labels": labels}
    await client.merge_patch(PODS, pod.name, namespace, {"metadata": metadata})


async def _scale(client: Client, namespace: str, child: Child, scale: Scale) -> Object:
    tests = {"/metadata/uid": child.uid, "/spec/replicas": scale.before}
    if scale.shrinks:
        tests["/metadata/resourceVersion"] = child.version
    operations = [{"op": "test", "path": path, "value": value} for path, value in tests.items()]
    operations.append({"op": "replace", "path": "/spec/replicas", "value": scale.after})
    resource = STATEFUL_SETS if child.ordered else DEPLOYMENTS
    return await client.json_patch(resource, child.name, namespace, operations)
