"""A Deployment that exists already is taken over through a real API server: drained, left alone, or given back."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.reconciler.phases.fleet import Fleet

pytestmark = pytest.mark.control_plane

REQUEST: Final = {"path": "drain", "fieldRef": {"fieldPath": "metadata.annotations['headgate.dev/drain']"}}
VOLUME: Final = {"name": "drain", "downwardAPI": {"items": [REQUEST]}}
MOUNT: Final = {"name": "drain", "mountPath": "/etc/headgate/pod"}
TAKES: Final[dict[str, Any]] = {
    "takeOver": {"deploymentName": "legacy"},
    "hold": {"replicas": 2},
    "rollout": {"maxSurge": 1},
    "scaling": {"maxReplicas": 3, "startupTime": "5s"},
}


def deploy(fleet: Fleet, *, keeps_contract: bool) -> None:
    worker = {"name": "worker" if keeps_contract else "app", "image": "registry.example.com/legacy:1"}
    spec: dict[str, Any] = {"containers": [worker | ({"volumeMounts": [MOUNT]} if keeps_contract else {})]}
    spec |= {"volumes": [VOLUME]} if keeps_contract else {}
    legacy = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "legacy"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "legacy"}},
            "template": {"metadata": {"labels": {"app": "legacy"}}, "spec": spec},
        },
    }
    fleet.cluster.kubectl("-n", fleet.namespace, "apply", "-f-", stdin=json.dumps(legacy))

    def up() -> str | None:
        here = status(fleet)
        seen = (here.get("readyReplicas"), here.get("updatedReplicas"))
        return None if seen == (3, 3) else str(seen)

    fleet.until("the old workers are there", up)


def status(fleet: Fleet) -> dict[str, Any]:
    found: dict[str, Any] = fleet.objects.get("deployment", "legacy").get("status", {})
    return found


def legacy(fleet: Fleet) -> list[dict[str, Any]]:
    return fleet.objects.all("pods", "app=legacy")


def said(fleet: Fleet, words: str) -> str | None:
    found = [one for one in fleet.objects.conditions("wp", "w") if one.startswith("TakenOver")]
    return None if any(words in one for one in found) else str(found)


def test_workers_that_keep_the_contract_leave_when_they_are_idle(fleet: Fleet) -> None:
    deploy(fleet, keeps_contract=True)
    fleet.push(4000)
    fleet.until("all work", lambda: None if fleet.node.busy == 3 else str(fleet.node.busy))
    fleet.apply(**TAKES)
    fleet.until("it says so", lambda: said(fleet, "leave when they have proved themselves idle"))
    fleet.node.wait(1.0)
    fleet.restart()
    fleet.until("all of them are gone", lambda: said(fleet, "Deployment legacy has no workers left: delete it"))
    fleet.until_serving(2)
    assert not fleet.node.kills
    assert not legacy(fleet)
    left = fleet.objects.get("deployment", "legacy")
    assert (left["spec"]["replicas"], left["spec"]["paused"]) == (0, True)
    assert fleet.node.most_together <= 4, "three at first, two wanted in the end, and a surge of one"


def test_workers_of_which_nothing_can_be_known_are_left_alone_until_sigterm_is_chosen(fleet: Fleet) -> None:
    deploy(fleet, keeps_contract=False)
    fleet.apply(**TAKES)
    fleet.until("it says what to do", lambda: said(fleet, "set drain.method: Signal"))
    fleet.node.wait(3.0)
    assert len(legacy(fleet)) == 3
    assert all("headgate.dev/pool" not in pod["metadata"]["labels"] for pod in legacy(fleet))
    fleet.apply(**TAKES, drain={"method": "Signal"})
    fleet.until("it says what that means", lambda: said(fleet, "their own 30 s for what they run"))
    fleet.until("all of them are gone", lambda: said(fleet, "has no workers left"))


def test_what_is_not_yet_taken_is_given_back_when_the_pool_is_deleted(fleet: Fleet) -> None:
    fleet.node.habits.shortest_job = fleet.node.habits.longest_job = 600.0
    deploy(fleet, keeps_contract=True)
    fleet.push(3)
    fleet.until("all work", lambda: None if fleet.node.busy == 3 else str(fleet.node.busy))
    fleet.apply(**TAKES)

    def asked() -> str | None:
        requests = ["headgate.dev/drain" in pod["metadata"].get("annotations", {}) for pod in legacy(fleet)]
        return None if any(requests) else f"{requests}; {fleet.status()}"

    fleet.until("one is asked to leave", asked)
    with pytest.raises(RuntimeError, match="has not been drained"):
        fleet.cluster.kubectl("-n", fleet.namespace, "delete", "pods", "-l", "app=legacy", "--wait=false")
    fleet.cluster.kubectl("-n", fleet.namespace, "delete", "wp/w", "--wait=false")
    fleet.until("nothing of the pool is left", fleet.gone)
    assert len(legacy(fleet)) == 3
    assert not fleet.node.kills
    text = json.dumps([pod["metadata"].get("annotations", {}) | pod["metadata"]["labels"] for pod in legacy(fleet)])
    assert "headgate.dev" not in text
    left = fleet.objects.get("deployment", "legacy")
    assert not left["spec"].get("paused")
    assert "headgate.dev/taken-over-by" not in left["metadata"].get("annotations", {})
