"""Pools through a real API server with its controllers, a real Redis and a reconciler that is killed now and then."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.reconciler.phases.fleet import Fleet

pytestmark = pytest.mark.control_plane


def test_what_others_change_of_a_child_is_changed_back(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 1})
    fleet.until_serving(1)
    child = fleet.list("deployments")[0]["metadata"]["name"]
    edited = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}

    def edit() -> None:
        patch = (
            "patch",
            "deployment",
            child,
            "--type=merge",
            "--field-manager=kubectl-rollout",
            "-p",
            json.dumps(edited),
        )
        fleet.cluster.kubectl("-n", fleet.namespace, *patch)

    def edited_still() -> bool:
        return "restartedAt" in json.dumps(fleet.list("deployments")[0]["spec"]["template"]["metadata"])

    pods = [pod["metadata"]["uid"] for pod in fleet.list("pods")]
    edit()
    fleet.until("the edit is changed back", lambda: "the edit stands" if edited_still() else None)
    fleet.until(
        "an Event says who it was", lambda: None if "kubectl-rollout changed" in fleet.events() else fleet.events()
    )
    assert [pod["metadata"]["uid"] for pod in fleet.list("pods")] == pods, "no worker was restarted by either"
    fleet.objects.patch("workerpool", "w", {"spec": {"paused": True}})
    edit()
    fleet.until("the pool says so", lambda: None if "DriftDetected" in fleet.status() else fleet.status())
    assert edited_still(), "a paused pool is left alone"


def test_a_pool_grows_and_shrinks_and_only_idle_workers_leave(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 4})
    fleet.until_serving(4)
    fleet.push(400)
    fleet.hold(1)
    fleet.until_serving(1)
    fleet.hold(3)
    fleet.until_serving(3)
    fleet.hold(0)
    fleet.until_serving(0)
    assert not fleet.node.kills
    assert fleet.node.jobs_done
    (child,) = fleet.list("deployments")
    assert child["spec"]["paused"]
    assert "ownerReferences" not in child["metadata"]


def test_a_reconciler_killed_at_any_moment_leaves_nothing_double_and_nobody_dead(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 3})
    fleet.push(4000)
    for replicas in (5, 2, 4, 0, 3):
        fleet.hold(replicas)
        fleet.node.wait(1.5)
        fleet.restart()
    fleet.until_serving(3)
    assert not fleet.node.kills
    (child,) = fleet.list("deployments")
    assert child["spec"]["replicas"] == 3
    assert not [pod for pod in fleet.list("pods") if "headgate.dev/drained" in pod["metadata"]["labels"]]


def test_a_changed_template_replaces_every_worker_within_the_surge(fleet: Fleet) -> None:
    spec: dict[str, Any] = {
        "hold": {"replicas": 3},
        "rollout": {"maxSurge": 1},
        "scaling": {"maxReplicas": 3, "startupTime": "5s"},
    }
    fleet.apply(**spec)
    fleet.until_serving(3)
    fleet.push(4000)
    before = {pod["metadata"]["name"] for pod in fleet.list("pods")}
    fleet.apply(**spec, env=[{"name": "MODE", "value": "new"}])

    def replaced() -> str | None:
        names = {pod["metadata"]["name"] for pod in fleet.list("pods")}
        return None if len(names) == 3 and not names & before else f"{names & before}; {fleet.status()}"

    fleet.until("all workers are of the new revision", replaced)
    assert not fleet.node.kills
    assert fleet.node.most["w"] <= 4
    assert sorted(child["spec"]["replicas"] for child in fleet.list("deployments")) == [0, 3]


def test_what_workers_read_live_restarts_nobody(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 2})
    fleet.until_serving(2)
    before = {pod["metadata"]["name"] for pod in fleet.list("pods")}
    fleet.apply(hold={"replicas": 2}, drain={"timeout": "90s"})
    fleet.until("the configuration says so", lambda: fleet.configured("drainSeconds", 90))
    (child,) = fleet.list("deployments")
    fleet.cluster.kubectl("-n", fleet.namespace, "set", "env", f"deploy/{child['metadata']['name']}", "A=b")
    fleet.hold(3)
    fleet.until_serving(3)
    assert before <= {pod["metadata"]["name"] for pod in fleet.list("pods")}
    assert len(fleet.list("deployments")) == 1


def test_other_resources_are_given_to_workers_where_they_are(fleet: Fleet) -> None:
    def asking(cpu: str, **more: Any) -> None:
        fleet.apply(hold={"replicas": 2}, resources={"requests": {"cpu": cpu, "memory": "64Mi"}, **more})

    def sizes() -> dict[str, str]:
        found = {}
        for pod in fleet.list("pods"):
            requests = pod["spec"]["containers"][0]["resources"]["requests"]
            found[pod["metadata"]["name"]] = requests["cpu"]
        return found

    asking("100m")
    fleet.until_serving(2)
    before = set(sizes())
    asking("250m")

    def two_revisions() -> str | None:
        return None if len(fleet.list("deployments")) == 2 else fleet.status()

    served = json.loads(fleet.cluster.kubectl("get", "--raw", "/api/v1"))["resources"]
    if "pods/resize" not in {one["name"] for one in served}:
        fleet.until("an API server before 1.33 resizes nobody, so it makes a new revision", two_revisions)
        return
    fleet.until(
        "both have another size", lambda: None if set(sizes().values()) == {"250m"} else f"{sizes()}; {fleet.events()}"
    )
    fleet.hold(3)
    fleet.until("so has a third", lambda: None if list(sizes().values()) == ["250m"] * 3 else str(sizes()))
    assert before < set(sizes())
    assert len(fleet.list("deployments")) == 1
    asking("300m", limits={"cpu": "1", "memory": "64Mi"})
    fleet.until("what was not asked for before makes a new revision", two_revisions)


def test_a_deleted_pool_drains_and_leaves_nothing_even_after_its_queue(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 3})
    fleet.until_serving(3)
    fleet.push(4000)
    fleet.until("all work", lambda: None if fleet.node.busy == 3 else str(fleet.node.busy))
    fleet.cluster.kubectl("-n", fleet.namespace, "delete", "hq/orders", "wp/w", "--wait=false")
    fleet.restart()
    fleet.until("nothing is left", fleet.gone)
    assert not fleet.node.kills
    assert fleet.node.ended == 3


def test_a_deleted_pool_does_not_wait_for_workers_that_say_nothing(fleet: Fleet) -> None:
    fleet.node.habits.silent = True
    fleet.apply(hold={"replicas": 2}, drain={"timeout": "4s"})
    fleet.until_serving(2)
    fleet.cluster.kubectl("-n", fleet.namespace, "delete", "wp/w", "--wait=false")
    fleet.until("nothing is left", fleet.gone)
    assert "DrainTimedOut" in fleet.cluster.kubectl("-n", fleet.namespace, "get", "events")


def test_nothing_is_written_while_nothing_changes(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 2})
    fleet.until_serving(2)
    fleet.node.wait(3)
    before = fleet.versions()
    fleet.node.wait(5)
    assert fleet.versions() == before


def test_a_foreign_deployment_of_the_same_name_is_left_alone(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 1})
    fleet.until_serving(1)
    (child,) = fleet.list("deployments")
    name = child["metadata"]["name"]
    fleet.cluster.kubectl("-n", fleet.namespace, "delete", "wp/w", "--timeout=60s")
    fleet.cluster.kubectl("-n", fleet.namespace, "create", "deployment", name, "--image=i", "--replicas=0")
    fleet.apply(hold={"replicas": 1})

    def told() -> str | None:
        seen = fleet.objects.conditions("wp", "w")
        # The name carries a digest that does not depend on the pool's uid, so it is wanted again.
        return None if any("NameTaken" in one for one in seen) else str(seen)

    fleet.until("the pool says whose the name is", told)
