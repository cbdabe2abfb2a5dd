"""From the wanted replicas to a number for each revision, and from that to what a removal is planned on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from crds import meta
from reconciler.conditions import RECONCILING
from reconciler.phases.pool.pods import is_finished, ready_seconds, restarts_of, seconds
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import revision_label
from reconciler.plans.child import Child, DrainReason, Force, Pod
from reconciler.plans.rollout import Bounds, Revision, bounds, leading, remaining, targets, within
from reconciler.reasons import Reason
from reconciler.workers import UNKNOWN

PROVED_SECONDS: Final = 10.0
"""How long a worker of a new revision has to be ready at least before anything is concluded from it."""


def aims(state: PoolState, wanted: int, *, waiting: bool) -> dict[str, int]:
    """`waiting` says whether there is a job that a new worker could have taken, or nobody knows."""
    assert state.effective is not None  # noqa: S101 - for the type checker: resolve has run
    revisions = [revision_of(state, one, waiting=waiting) for one in state.view.children]
    state.proved = {one.name for one in revisions if one.proved}
    if state.missing:
        return remaining(wanted, revisions)
    current = next((one for one in revisions if one.name == state.revision), None)
    if current is None:
        return {}
    leader = leading(current, [one for one in revisions if one is not current])
    if leader is not current and not current.failed:
        state.conditions.true(
            RECONCILING, Reason.REVISION_LIMIT, "The newest spec waits until an old revision is drained"
        )
    state.leader = leader.name
    old = [one for one in revisions if one is not leader]
    rolls = any(one.live for one in old)
    found = targets(wanted, limits_of(state, wanted), leader, old, hold=state.halted and rolls)
    if not rolls:
        # A rollout has the surge for itself.
        found[leader.name] += state.evacuation.surge
    return found


def limits_of(state: PoolState, wanted: int) -> Bounds:
    """By how many workers the pool may go above and below the wanted number while others take their places."""
    assert state.effective is not None  # noqa: S101 - for the type checker: resolve has run
    limits = bounds(state.effective.get("rollout.maxSurge"), state.effective.get("rollout.maxUnavailable"), wanted)
    return within(limits, state.surge)


def revision_of(state: PoolState, deployment: Mapping[str, Any], *, waiting: bool) -> Revision:
    name = revision_label(deployment)
    pods = [pod for pod in state.view.pods if revision_label(pod) == name and not is_finished(pod)]
    serving = [pod for pod in pods if serves_on(state, pod)]
    return Revision(
        name=name,
        created=seconds(deployment["metadata"]["creationTimestamp"]),
        replicas=replicas_of(deployment),
        pods=len(pods),
        terminating=sum("deletionTimestamp" in pod["metadata"] for pod in pods),
        serving=len(serving),
        proved=name in state.proved_before
        or _trusted(deployment)
        or any(proves(state, pod, waiting=waiting) for pod in serving),
        failed=state.rolled_back and name == state.revision,
    )


def _trusted(deployment: Mapping[str, Any]) -> bool:
    """Whether somebody goes back to it who knows that it works."""
    return meta.ANNOTATION_TRUSTED in (deployment["metadata"].get("annotations") or {})


def children(state: PoolState) -> list[Child]:
    """Every Deployment with the number of pods it is to keep, oldest first, so that old revisions leave first."""
    ordered = sorted(state.view.children, key=lambda one: str(one["metadata"]["creationTimestamp"]))
    known = [one for one in ordered if revision_label(one) in state.targets]
    return [child_of(state, one, state.view.pods_of(revision_label(one))) for one in known]


def replicas_of(deployment: Mapping[str, Any]) -> int:
    return int(deployment["spec"].get("replicas", 1))


def child_of(state: PoolState, obj: Mapping[str, Any], pods: Sequence[Pod]) -> Child:
    metadata, status = obj["metadata"], obj.get("status") or {}
    name = revision_label(obj)
    return Child(
        name=metadata["name"],
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        replicas=replicas_of(obj),
        keep=state.targets[name],
        now=state.now.timestamp(),
        generation=metadata["generation"],
        observed_generation=status.get("observedGeneration", 0),
        pods=[_known(state, name, pod) for pod in pods],
        reason=_reason(state, name),
        timeout=state.drain_timeout,
        force=_force(state),
        failing=is_failing(status),
        guarded=state.guarded and not (name == state.taken_name and state.unlabelled),
        kills=state.on_timeout == "Kill" and not state.skewed,
        warm=state.warm,
    )


def _known(state: PoolState, revision: str, pod: Pod) -> Pod:
    """The pod with what this pass knows of it beside the pod's own words."""
    # Of a Deployment that is taken over and cannot be drained nobody is asked to leave, wherever it runs.
    stays = revision == state.taken_name and state.untouchable
    spared, silent = pod.uid in state.spared, pod.uid in state.silent
    evacuated, neighbours = pod.node in state.leaving_nodes and not stays, state.crowds.get(pod.node, 0)
    if not (spared or silent or evacuated or neighbours):
        return pod
    held = pod.uid in state.evacuation.held
    return replace(pod, spared=spared, silent=silent, evacuated=evacuated, held=held, neighbours=neighbours)


def _reason(state: PoolState, revision: str) -> DrainReason:
    if state.deleting:
        return DrainReason.DELETE
    if state.revision not in ("", revision):
        return DrainReason.ROLLOUT
    return DrainReason.PREEMPTED if state.gives else DrainReason.SCALE_DOWN


def _force(state: PoolState) -> Force:
    """A pool that is deleted must not hang on workers that never say anything; one that may be busy may finish."""
    if state.on_timeout != "Wait" and not state.skewed:
        return Force.EVERYBODY
    return Force.SILENT if state.deleting else Force.NOBODY


def is_failing(status: Mapping[str, Any]) -> bool:
    """Whether no pods can be created; that some cannot be deleted is said by the same condition, and is the guard's."""
    return any(
        one["type"] == "ReplicaFailure" and one["status"] == "True" and one.get("reason") == "FailedCreate"
        for one in status.get("conditions") or ()
    )


def serves_on(state: PoolState, pod: Mapping[str, Any]) -> bool:
    known = next((one for one in state.view.all_pods if one.uid == pod["metadata"]["uid"]), None)
    return (
        known is not None
        and known.active
        and known.request is None
        and ready_seconds(pod, state.now) >= _proving(state)
    )


def _proving(state: PoolState) -> float:
    return max(PROVED_SECONDS, state.startup / 2)


def proves(state: PoolState, pod: Mapping[str, Any], *, waiting: bool) -> bool:
    worker = state.view.workers.get(pod["metadata"]["uid"], UNKNOWN)
    return restarts_of(pod) == 0 and (worker.succeeded > 0 or not waiting)
