"""From a Pod of the API server to the pod of the plans. Pure.

The drain request, the mark and what it is bound to stand on the pod as annotations and labels; nothing else is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from crds import meta
from reconciler.children.template import WORKER
from reconciler.plans.child import LOST, PENDING, RUNNING, Pod, Request
from reconciler.workers import UNKNOWN, Asked, WorkerState

Object = Mapping[str, Any]
PHASES: Final = {"Pending": PENDING, "Unknown": LOST}
SAME_TROUBLE: Final = {"ErrImagePull": "ImagePullBackOff"}
"""Words between which the kubelet goes to and fro."""
FINISHED: Final = ("Succeeded", "Failed")
PROVED: Final = "true"
FORCED: Final = "timeout"
WARM: Final = "warm-stop"
"""Values of the label `headgate.dev/drained`: proved idle, out of time, or of a kind that proves nothing."""


def pod_of(pod: Object, workers: Mapping[str, WorkerState]) -> Pod:
    metadata, status = pod["metadata"], pod.get("status") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    mark, created = labels.get(meta.LABEL_DRAINED), seconds(metadata["creationTimestamp"])
    request = request_of(annotations.get(meta.ANNOTATION_DRAIN, ""))
    if request is not None:
        # Whoever asks writes a time of their own: it is never before the pod's.
        request = replace(request, since=max(request.since, created))
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        created=created,
        node=pod["spec"].get("nodeName") or "",
        container=container_of(pod),
        runs=_may_run(pod),
        scheduled=bool(pod["spec"].get("nodeName")),
        refused=is_refused(pod),
        phase=PHASES.get(status.get("phase", "Pending"), RUNNING),
        ready=is_ready(pod),
        request=request,
        bound=annotations.get(meta.ANNOTATION_DRAINED_INSTANCE, "") if mark else None,
        forced=mark == FORCED,
        terminating="deletionTimestamp" in metadata,
        finished=is_finished(pod),
        grace=float(metadata.get("deletionGracePeriodSeconds") or 0),
        patience=float(pod["spec"].get("terminationGracePeriodSeconds") or 0),
        worker=workers.get(metadata["uid"], UNKNOWN),
    )


def asked_of(pod: Object) -> Asked:
    metadata = pod["metadata"]
    return Asked(
        uid=metadata["uid"],
        name=metadata["name"],
        container=container_of(pod),
        request=(metadata.get("annotations") or {}).get(meta.ANNOTATION_DRAIN, ""),
        restarts=restarts_of(pod),
    )


def request_of(text: str) -> Request | None:
    """`<reason>/<RFC 3339 time>`. A time that cannot be read counts from the beginning of time."""
    if not text:
        return None
    reason, _, since = text.partition("/")
    try:
        return Request(reason, seconds(since))
    except ValueError:
        return Request(reason, 0.0)


def request_of_pod(pod: Object) -> Request | None:
    return request_of((pod["metadata"].get("annotations") or {}).get(meta.ANNOTATION_DRAIN, ""))


def request_text(reason: str, now: datetime) -> str:
    return f"{reason}/{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def container_of(pod: Object) -> str:
    return str(_worker_status(pod).get("containerID", ""))


def restarts_of(pod: Object) -> int:
    return int(_worker_status(pod).get("restartCount", 0))


def ready_seconds(pod: Object, now: datetime) -> float:
    """How long the pod has been ready; 0 when it is not."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready" and condition["status"] == "True":
            return now.timestamp() - seconds(condition["lastTransitionTime"])
    return 0.0


def is_finished(pod: Object) -> bool:
    """Whether it ran to its end, as an evicted pod has: it stays for a while, and nobody counts it."""
    return (pod.get("status") or {}).get("phase") in FINISHED


def is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def is_refused(pod: Object) -> bool:
    """Whether the scheduler has found no node for it. Who waits for something else than a node is not refused."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "PodScheduled" and one.get("reason") == "Unschedulable" for one in conditions)


def pod_trouble(pod: Object) -> str:
    """What keeps the worker from running, in the cluster's words; empty where it says nothing."""
    if not pod["spec"].get("nodeName"):
        conditions = (pod.get("status") or {}).get("conditions") or ()
        return next((str(one.get("message", "")) for one in conditions if one["type"] == "PodScheduled"), "")
    status = _worker_status(pod)
    waiting = (status.get("state") or {}).get("waiting") or {}
    ended = (status.get("lastState") or {}).get("terminated") or (status.get("state") or {}).get("terminated") or {}
    exit_code = f"exit code {ended['exitCode']}" if ended.get("exitCode") else ""
    why = str(waiting.get("reason", ""))
    words = [SAME_TROUBLE.get(why, why), str(ended.get("reason", "")), exit_code]
    return ", ".join(word for word in words if word and word != "ContainerCreating")


def is_disrupted(pod: Object) -> bool:
    """Whether the cluster takes it away: evicted, preempted, or on a node that is lost or tainted."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "DisruptionTarget" and condition["status"] == "True" for condition in conditions)


def is_unguarded(pod: Object) -> bool:
    """Whether its own annotations open it to deletes."""
    annotations = pod["metadata"].get("annotations") or {}
    return meta.ANNOTATION_GUARD in annotations or meta.ANNOTATION_BREAK_GLASS in annotations


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _worker_status(pod: Object) -> Object:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return next((status for status in statuses if status["name"] == WORKER), {})


def _may_run(pod: Object) -> bool:
    """Whether the worker's container runs, or may without being reported yet."""
    status = _worker_status(pod)
    if not status:
        return (pod.get("status") or {}).get("phase") not in (None, "Pending", *FINISHED)
    return "running" in (status.get("state") or {})
