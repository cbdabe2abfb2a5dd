from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crds import meta
from reconciler.brokers.observation import Observation
from reconciler.brokers.records import parse_all
from reconciler.phases.pool.serving import Serving, serving, starts
from tests.reconciler.brokers.records import record
from tests.reconciler.builders import pod, pool

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
BROKER_NOW = 1_800_000_000.0
POOL = pool("packers")


def at(seconds_ago: float) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def a_pod(name: str, age: float = 100, ready: float | None = None, **more: Any) -> dict[str, Any]:
    """`ready` is for how long it has been so."""
    status: dict[str, Any] = {"phase": "Running", **more.pop("status", {})}
    if ready is not None:
        status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": at(ready)}]
    return {**pod(name, POOL, creationTimestamp=at(age), **more), "status": status}


def waits(reason: str) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "worker", "restartCount": 0, "state": {"waiting": {"reason": reason}}}]}


RESTARTED = {"containerStatuses": [{"name": "worker", "restartCount": 1, "state": {"running": {}}}]}
ASKED: dict[str, Any] = {"annotations": {meta.ANNOTATION_DRAIN: "ScaleDown/2027-01-15T08:00:00Z"}}

PODS: dict[str, tuple[dict[str, Any], Serving]] = {
    "ready": (a_pod("a", ready=50), Serving(ready=1)),
    "on its way": (a_pod("a", age=7), Serving(starting=(7.0,))),
    "with a container that is being made": (
        a_pod("a", age=7, status=waits("ContainerCreating")),
        Serving(starting=(7.0,)),
    ),
    "with an image that is not there": (a_pod("a", age=7, status=waits("ImagePullBackOff")), Serving()),
    "that falls over again and again": (a_pod("a", status=RESTARTED), Serving()),
    "that has waited for a node for too long": (a_pod("a", age=601), Serving()),
    "that was asked to leave": (a_pod("a", ready=50, **ASKED), Serving()),
    "that ends": (a_pod("a", ready=50, deletionTimestamp=at(1)), Serving()),
    "that is finished": (a_pod("a", status={"phase": "Failed"}), Serving()),
}


@pytest.mark.parametrize(("one", "want"), PODS.values(), ids=PODS.keys())
def test_what_one_pod_amounts_to(one: dict[str, Any], want: Serving) -> None:
    assert serving([one], [], NOW, 600) == want


def test_jobs_run_on_pods_that_serve_and_each_process_counts_once() -> None:
    pods = [a_pod("a", ready=50), a_pod("b", ready=50, **ASKED)]
    raw = {"a.1": record("a.1", running=3), "a.2": record("a.2", running=1), "b.1": record("b.1", running=4)}
    both = [Observation(BROKER_NOW, workers=parse_all(raw, BROKER_NOW)) for _ in range(2)]
    assert serving(pods, both, NOW, 600).running == 4
    assert serving(pods, [], NOW, 600).running is None


def test_a_start_is_from_creation_to_readiness() -> None:
    pods = [
        a_pod("late", age=50, ready=38),
        a_pod("early", age=100, ready=80),
        a_pod("again", ready=1, status=RESTARTED),
    ]
    assert list(starts([*pods, a_pod("not yet")])) == [("uid-early", 20.0), ("uid-late", 12.0)]
