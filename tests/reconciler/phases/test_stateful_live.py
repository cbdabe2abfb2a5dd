"""Pools that run as a StatefulSet, through a real API server with its controllers and a real Redis."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.reconciler.phases.fleet import Fleet

pytestmark = pytest.mark.control_plane

CLAIM: Final = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
SPEC: Final[dict[str, Any]] = {
    "workload": {"type": "StatefulSet", "volumeClaimTemplates": [CLAIM]},
    "scaling": {"maxReplicas": 5, "startupTime": "5s"},
}
BROKEN: Final = "registry.example.com/worker:2"


def names(fleet: Fleet) -> list[str]:
    return sorted(pod["metadata"]["name"] for pod in fleet.list("pods"))


def uids(fleet: Fleet) -> set[str]:
    return {pod["metadata"]["uid"] for pod in fleet.list("pods")}


def claims(fleet: Fleet) -> list[str]:
    return fleet.cluster.kubectl(
        "-n", fleet.namespace, "get", "pvc", "-o", "jsonpath={.items[*].metadata.name}"
    ).split()


def test_the_highest_ordinals_leave_when_they_are_idle_and_their_claims_stay(fleet: Fleet) -> None:
    fleet.apply(**SPEC, hold={"replicas": 4})
    fleet.until_serving(4)
    assert names(fleet) == ["w-0", "w-1", "w-2", "w-3"]
    fleet.push(4000)
    fleet.hold(1)
    fleet.node.wait(1.0)
    fleet.restart()
    fleet.until_serving(1)
    assert names(fleet) == ["w-0"]
    assert claims(fleet) == ["data-w-0", "data-w-1", "data-w-2", "data-w-3"]
    fleet.hold(3)
    fleet.until_serving(3)
    assert not fleet.node.kills
    assert fleet.node.jobs_done
    (child,) = fleet.list("statefulsets")
    assert child["spec"]["updateStrategy"] == {"type": "OnDelete"}
    assert "ownerReferences" not in child["metadata"]
    assert fleet.list("deployments") == []


def test_what_others_change_of_the_set_is_changed_back_and_hits_nobody(fleet: Fleet) -> None:
    fleet.node.habits.shortest_job = fleet.node.habits.longest_job = 600.0
    fleet.apply(**SPEC, hold={"replicas": 2})
    fleet.until_serving(2)
    fleet.push(2)
    fleet.until("all work", lambda: None if fleet.node.busy == 2 else str(fleet.node.busy))
    before = uids(fleet)
    edited = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}
    spec = {"replicas": 0, "template": edited, "updateStrategy": {"type": "RollingUpdate"}}
    edit = ("statefulset/w", "--type=merge", "--field-manager=kubectl-edit", "-p", json.dumps({"spec": spec}))
    fleet.cluster.kubectl("-n", fleet.namespace, "patch", *edit)

    def as_it_was() -> str | None:
        spec = fleet.list("statefulsets")[0]["spec"]
        edited_still = "restartedAt" in json.dumps(spec["template"]["metadata"])
        seen = (spec["replicas"], spec["updateStrategy"]["type"], edited_still)
        return None if seen == (2, "OnDelete", False) else str(seen)

    fleet.until("the edit is changed back", as_it_was)
    assert uids(fleet) == before
    assert not fleet.node.kills


def test_a_rollout_replaces_one_drained_pod_after_another(fleet: Fleet) -> None:
    fleet.apply(**SPEC, hold={"replicas": 3})
    fleet.until_serving(3)
    fleet.push(4000)
    before = uids(fleet)
    fleet.apply(**SPEC, hold={"replicas": 3}, env=[{"name": "MODE", "value": "new"}])
    fleet.until("it says how", lambda: None if "a StatefulSet has no surge" in fleet.status() else fleet.status())
    fewest = 3

    def replaced() -> str | None:
        nonlocal fewest
        pods = fleet.list("pods")
        fewest = min(fewest, sum("headgate.dev/drain" not in pod["metadata"].get("annotations", {}) for pod in pods))
        here = {pod["metadata"]["uid"] for pod in pods}
        done = len(here) == 3 and not here & before
        return None if done else f"{len(here & before)} old ones; {fleet.status()}"

    fleet.until("all workers are of the new revision", replaced)
    assert fewest == 2
    assert not fleet.node.kills
    assert fleet.node.most["w"] == 3


def test_a_revision_that_never_starts_is_rolled_back(fleet: Fleet) -> None:
    fleet.node.habits.broken_images = frozenset({BROKEN})
    rollout = {"progressDeadline": "4s", "onFailure": "Rollback"}
    spec = {**SPEC, "hold": {"replicas": 2}, "rollout": rollout, "scaling": {"maxReplicas": 3, "startupTime": "1s"}}
    fleet.apply(**spec)
    fleet.until_serving(2)
    fleet.apply(**spec, image=BROKEN)

    def rolled_back() -> str | None:
        images = {pod["spec"]["containers"][0]["image"] for pod in fleet.list("pods")}
        said = any("Stalled=True RolledBack" in one for one in fleet.objects.conditions("wp", "w"))
        return None if said and BROKEN not in images and len(names(fleet)) == 2 else f"{images}; {fleet.status()}"

    fleet.until("the failed revision is gone", rolled_back)
    assert not fleet.node.kills


def test_a_deleted_pool_drains_and_leaves_its_claims(fleet: Fleet) -> None:
    fleet.apply(**SPEC, hold={"replicas": 3})
    fleet.until_serving(3)
    fleet.push(4000)
    fleet.until("all work", lambda: None if fleet.node.busy == 3 else str(fleet.node.busy))
    fleet.cluster.kubectl("-n", fleet.namespace, "delete", "wp/w", "--wait=false")
    fleet.until("nothing is left", fleet.gone)
    assert not fleet.node.kills
    assert fleet.node.ended == 3
    assert claims(fleet) == ["data-w-0", "data-w-1", "data-w-2"]
