"""Pools through a real API server with its controllers, a real Redis and a reconciler that is killed now and then."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from tests.chart.guarded_pods import Guards, Yard
from tests.cluster import redis, state
from tests.cluster.cluster import Cluster
from tests.cluster.redis import Redis
from tests.reconciler.account import make_account
from tests.reconciler.builders import pool, queue
from tests.reconciler.objects import Objects
from tests.reconciler.phases.played import Played
from tests.reconciler.reconcilers import Reconciler, Reconcilers

pytestmark = pytest.mark.control_plane

QUICK = ("--local-brokers", "true", "--poll", "0.3", "--lease-duration", "4", "--renew-deadline", "3")
FLAGS = (*QUICK, "--retry-period", "0.5")
SECONDS = 90


@dataclass
class Fleet:
    """One namespace with one pool, `w`, of the queue `orders`."""

    cluster: Cluster
    namespace: str
    reconcilers: Reconcilers
    node: Played
    server: Redis
    one: Reconciler
    objects: Objects

    def apply(self, **spec: Any) -> None:
        url = f"redis://{self.server.address}:{self.server.port}/0"
        orders = queue("orders")
        orders["spec"]["broker"]["redis"]["url"] = url
        workers = pool("w", "orders")
        workers["spec"] |= {"drain": {"timeout": "60s"}, **spec}
        self.objects.apply(orders, workers)

    def hold(self, replicas: int) -> None:
        self.objects.patch("workerpool", "w", {"spec": {"hold": {"replicas": replicas}}})

    def push(self, jobs: int) -> None:
        if jobs:
            self.node.broker.lpush("orders", *(json.dumps({"id": n}) for n in range(jobs)))

    def list(self, resource: str) -> list[dict[str, Any]]:
        text = self.cluster.kubectl("-n", self.namespace, "get", resource, "-l", "headgate.dev/pool=w", "-o", "json")
        found: list[dict[str, Any]] = json.loads(text)["items"]
        return found

    def until_serving(self, replicas: int) -> None:
        """Until so many pods are there, none of them asked to leave."""

        def probe() -> str | None:
            pods = self.list("pods")
            leaving = [pod for pod in pods if "headgate.dev/drain" in pod["metadata"].get("annotations", {})]
            here = len(pods) == replicas == self.ready() and not leaving
            return None if here else f"{len(pods)} pods, {len(leaving)} leaving; {self.objects.conditions('wp', 'w')}"

        self.until(f"{replicas} replicas serve", probe)

    def until(self, what: str, probe: Any) -> None:
        self.reconcilers.until(self.one, what, probe, SECONDS)

    def ready(self) -> int:
        return int(self.objects.get("wp", "w").get("status", {}).get("readyReplicas", 0))

    def status(self) -> str:
        return f"{self.objects.conditions('wp', 'w')} {self.objects.get('wp', 'w').get('status', {}).get('revisions')}"

    def events(self) -> str:
        return self.cluster.kubectl("-n", self.namespace, "get", "events", "-o", "jsonpath={.items[*].message}")

    def configured(self, field: str, want: Any) -> str | None:
        text = self.cluster.kubectl("-n", self.namespace, "get", "cm/w-headgate", "-o", "json")
        seen = json.loads(json.loads(text)["data"]["queues.json"])["pool"]
        return None if seen[field] == want else str(seen)

    def gone(self) -> str | None:
        """None once neither the pool nor anything made for it is there."""
        left = [one for kind in ("pods", "deployments", "cm", "pdb") for one in self.list(kind)]
        pools = self.cluster.kubectl("-n", self.namespace, "get", "wp", "-o", "name")
        names = [one["metadata"]["name"] for one in left]
        return None if not (names or pools) else f"{names} {pools}"

    def versions(self) -> dict[str, str]:
        """The resourceVersion of everything in the namespace that the reconciler may write."""
        kinds = ("pods", "deployments", "cm", "pdb")
        seen = [one for kind in kinds for one in self.list(kind)] + [self.objects.get("wp", "w")]
        return {f"{one['kind']} {one['metadata']['name']}": one["metadata"]["resourceVersion"] for one in seen}

    def restart(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.one.stop(how)
        self.one = self.reconcilers.start(*FLAGS)


@pytest.fixture
def guards(kinds: Cluster, namespace: str) -> Iterator[Guards]:
    """The guards of the charts, in force in the namespace of the test."""
    charts = Guards(kinds)
    charts.install()
    Yard(kinds, namespace).bind()
    yield charts
    charts.unbind(namespace)


@pytest.fixture
def fleet(
    kinds: Cluster, namespace: str, servers: state.State, reconcilers: Reconcilers, guards: Guards, tmp_path: Path
) -> Iterator[Fleet]:
    reconcilers.program = "tests.reconciler.phases.whole"
    reconcilers.kubeconfig = make_account(kinds, namespace, tmp_path)
    with (
        redis.running(servers) as server,
        redis_client.Redis.from_url(server.url) as broker,
        Played(kinds.kubeconfig, namespace, broker) as node,
    ):
        one = reconcilers.start(*FLAGS)
        yield Fleet(kinds, namespace, reconcilers, node, server, one, Objects(kinds, namespace))
        reconcilers.kill_all()
        for left in kinds.kubectl("-n", namespace, "get", "wp", "-o", "name").split():
            kinds.kubectl("-n", namespace, "patch", left, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


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
    spec = {"hold": {"replicas": 3}, "rollout": {"maxSurge": 1}, "scaling": {"maxReplicas": 3, "startupTime": "5s"}}
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


def test_a_deleted_pool_drains_and_leaves_nothing_even_after_its_queue(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 3})
    fleet.until_serving(3)
    fleet.push(4000)
    fleet.until("all work", lambda: None if fleet.node.busy == 3 else str(fleet.node.busy))
    fleet.cluster.kubectl("-n", fleet.namespace, "delete", "hq/orders", "wp/w", "--wait=false")
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
