"""`status` of a WorkerPool. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from policies.effective import SPEC
from reconciler.outcome import Outcome
from reconciler.phases.pool.look import SPOKEN
from reconciler.phases.pool.scale import scaling_status
from reconciler.phases.pool.scaling_record import decided, with_draining
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import revision_label
from reconciler.plans.child import Pod
from reconciler.status import Fields
from reconciler.workers import Activity

FIELDS: Final = Fields(fast=frozenset({"running", "busyReplicas", "revisions"}))
MOST_DRAINING: Final = 20
MOST_REVISIONS: Final = 10
BUSY: Final = (Activity.BUSY, Activity.UNKNOWN)


def summarize(state: PoolState, outcome: Outcome) -> Mapping[str, Any]:
    pods = [pod for pod in state.view.all_pods if not pod.finished]
    draining, scaling = sum(pod.request is not None for pod in pods), scaling_status(state)
    return {
        **scaling,
        "summary": with_draining(decided(scaling["summary"] or ""), draining) or None,
        "replicas": len(pods),
        "readyReplicas": sum(pod.ready and pod.active for pod in pods),
        "updatedReplicas": _updated(state),
        "busyReplicas": _busy(pods),
        "drainingReplicas": draining,
        "running": sum(pod.worker.running or 0 for pod in pods),
        "selector": state.owner.selector,
        "drainMethod": _method(state, pods),
        "draining": [_draining(state, pod) for pod in _leaving(pods)[:MOST_DRAINING]] or None,
        "revisions": _revisions(state) or None,
        "effective": _effective(state),
    }


def _updated(state: PoolState) -> int | None:
    if not state.revision:
        return state.status.get("updatedReplicas")
    return sum(pod.active for pod in state.view.pods_of(state.revision))


def _busy(pods: Sequence[Pod]) -> int:
    """Unknown is busy; a pod that has not started is neither."""
    return sum(pod.runs and pod.worker.activity in BUSY for pod in pods)


def _method(state: PoolState, pods: Sequence[Pod]) -> str | None:
    """A way by which workers tell of themselves is named once one was heard; it stays while there are no workers."""
    if state.spoken:
        return SPOKEN
    if state.warm or any(pod.worker.activity is not Activity.UNKNOWN for pod in pods):
        return str(state.way)
    return state.status.get("drainMethod")


def _leaving(pods: Sequence[Pod]) -> list[Pod]:
    return sorted((pod for pod in pods if pod.request is not None), key=lambda pod: pod.name)


def _draining(state: PoolState, pod: Pod) -> dict[str, Any]:
    assert pod.request is not None  # noqa: S101 - for the type checker: chosen by it
    since = pod.request.since
    entry = {"pod": pod.name, "since": _text(since), "deadline": _text(since + state.drain_timeout)}
    entry["reason"] = pod.request.reason[:120]
    return entry if pod.worker.running is None else {**entry, "running": pod.worker.running}


def _revisions(state: PoolState) -> list[dict[str, Any]]:
    ordered = sorted(_specimens(state).items(), key=lambda one: _born(one[1]), reverse=True)
    proved = state.proved_before if state.proved is None else state.proved
    found = []
    for name, specimen in ordered[:MOST_REVISIONS]:
        pods = [pod for pod in state.view.pods_of(name) if not pod.finished]
        if not pods and name != state.revision:
            continue
        found.append(
            {
                "name": name,
                "image": _image(specimen),
                "replicas": len(pods),
                "readyReplicas": sum(pod.ready and pod.active for pod in pods),
                "busyReplicas": _busy(pods),
                "proved": name in proved,
            }
        )
    return found


def _specimens(state: PoolState) -> dict[str, Mapping[str, Any]]:
    """For each revision its Deployment, or the StatefulSet that starts it, or, of its former ones, a pod."""
    objects = [*sorted(state.view.pods, key=_born, reverse=True), *state.view.children]
    return {revision_label(one): one for one in objects}


def _born(obj: Mapping[str, Any]) -> str:
    return str(obj["metadata"]["creationTimestamp"])


def _image(specimen: Mapping[str, Any]) -> str:
    pod = specimen["spec"].get("template") or specimen
    containers = pod["spec"]["containers"]
    return next((str(one["image"]) for one in containers if one["name"] == "worker"), "")


def _effective(state: PoolState) -> Any:
    if state.effective is None:
        return state.status.get("effective")
    leaves = state.effective.leaves()
    return {path: {"value": value, "origin": origin} for path, value, origin in leaves if origin != SPEC}


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
