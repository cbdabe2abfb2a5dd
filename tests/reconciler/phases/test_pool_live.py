"""Pools through a real API server with its controllers, a real Redis and a reconciler that is killed now and then."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis as redis_client

from tests.cluster import redis, state
from tests.cluster.cluster import Cluster
from tests.cluster.redis import Redis
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

    def restart(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.one.stop(how)
        self.one = self.reconcilers.start(*FLAGS)


@pytest.fixture
def fleet(kinds: Cluster, namespace: str, servers: state.State, reconcilers: Reconcilers) -> Iterator[Fleet]:
    reconcilers.program = "tests.reconciler.phases.whole"
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
