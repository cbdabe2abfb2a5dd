"""What a pool's pods amount to for a replica decision: slots that are ready, jobs that run, pods on their way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from crds import meta
from reconciler.brokers.observation import Observation
from reconciler.phases.pool.pods import is_finished, is_ready, restarts_of, seconds

Object = Mapping[str, Any]

HOPELESS: Final = frozenset(
    {
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)
"""Why a container waits that will not start by waiting."""


@dataclass(frozen=True, slots=True)
class Serving:
    """`ready` pods serve; `running` jobs run on pods that serve, None while no queue can be read; `starting` are the
    ages in seconds of pods that may become ready yet.
    """

    ready: int = 0
    running: int | None = None
    starting: tuple[float, ...] = ()


NOBODY: Final = Serving()


def serving(pods: Sequence[Object], readings: Iterable[Observation], now: datetime, patience_seconds: float) -> Serving:
    """`now` is the wall clock; a pod that is not ready after `patience_seconds` is not waited for."""
    stay = [pod for pod in pods if serves(pod)]
    ages = (now.timestamp() - seconds(pod["metadata"]["creationTimestamp"]) for pod in stay if may_start(pod))
    return Serving(
        ready=sum(is_ready(pod) for pod in stay),
        running=_running({str(pod["metadata"]["name"]) for pod in stay}, list(readings)),
        starting=tuple(sorted(max(0.0, age) for age in ages if age <= patience_seconds)),
    )


def serves(pod: Object) -> bool:
    """Whether it counts as part of the pool: not finished, not leaving and not asked to."""
    metadata = pod["metadata"]
    leaving = "deletionTimestamp" in metadata or meta.ANNOTATION_DRAIN in (metadata.get("annotations") or {})
    return not leaving and not is_finished(pod)


def starts(pods: Iterable[Object]) -> Iterator[tuple[str, float]]:
    """How long each ready pod took to become so, by uid, the latest last. One whose worker was restarted tells of
    something else.
    """
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"])):
        for condition in (pod.get("status") or {}).get("conditions") or ():
            if condition["type"] == "Ready" and condition["status"] == "True" and not restarts_of(pod):
                metadata = pod["metadata"]
                yield metadata["uid"], seconds(condition["lastTransitionTime"]) - seconds(metadata["creationTimestamp"])


def may_start(pod: Object) -> bool:
    """Whether a pod that is not ready may become so by waiting."""
    if is_ready(pod) or restarts_of(pod):
        return False
    status = pod.get("status") or {}
    containers = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    return not any(_reason(container) in HOPELESS for container in containers)


def _reason(container: Object) -> str:
    return str(((container.get("state") or {}).get("waiting") or {}).get("reason", ""))


def _running(names: set[str], readings: Sequence[Observation]) -> int | None:
    """A worker of several queues says the same at each of their brokers, so each process counts once."""
    if not readings:
        return None
    told: dict[str, int] = {}
    for reading in readings:
        for instance, record in reading.workers.fresh.items():
            if record.pod in names:
                told[instance] = max(record.running, told.get(instance, 0))
    return sum(told.values())
