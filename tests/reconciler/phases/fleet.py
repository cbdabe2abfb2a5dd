"""One pool in a namespace of a real API server, with a played node, a real Redis and a reconciler as a process."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster.cluster import Cluster
from tests.cluster.redis import Redis
from tests.reconciler.builders import pool, queue
from tests.reconciler.objects import Objects
from tests.reconciler.phases.played import Played
from tests.reconciler.reconcilers import Reconciler, Reconcilers

QUICK = ("--local-brokers", "true", "--poll", "0.3", "--lease-duration", "4", "--renew-deadline", "3")
FLAGS = (*QUICK, "--retry-period", "0.5")
SECONDS = 90
KINDS = ("pods", "deployments", "statefulsets", "cm", "pdb")


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

    def apply(self, *, orders_spec: Mapping[str, Any] | None = None, **spec: Any) -> None:
        url = f"redis://{self.server.address}:{self.server.port}/0"
        orders = queue("orders")
        orders["spec"]["broker"]["redis"]["url"] = url
        orders["spec"] |= orders_spec or {}
        workers = pool("w", "orders")
        workers["spec"] |= {"drain": {"timeout": "60s"}, **spec}
        self.objects.apply(orders, workers)

    def hold(self, replicas: int) -> None:
        self.objects.patch("workerpool", "w", {"spec": {"hold": {"replicas": replicas}}})

    def push(self, jobs: int) -> None:
        if jobs:
            self.node.broker.lpush("orders", *(json.dumps({"id": n}) for n in range(jobs)))

    def list(self, resource: str) -> list[dict[str, Any]]:
        return self.objects.all(resource, "headgate.dev/pool=w")

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
        return " ".join(event["message"] for event in self.objects.all("events"))

    def configured(self, field: str, want: Any) -> str | None:
        seen = json.loads(self.objects.get("cm", "w-headgate")["data"]["queues.json"])["pool"]
        return None if seen[field] == want else str(seen)

    def gone(self) -> str | None:
        """None once neither the pool nor anything made for it is there."""
        left = [one for kind in KINDS for one in self.list(kind)] + self.objects.all("wp")
        return None if not left else str([one["metadata"]["name"] for one in left])

    def versions(self) -> dict[str, str]:
        """The resourceVersion of everything in the namespace that the reconciler may write."""
        seen = [one for kind in KINDS for one in self.list(kind)] + [self.objects.get("wp", "w")]
        return {f"{one['kind']} {one['metadata']['name']}": one["metadata"]["resourceVersion"] for one in seen}

    def restart(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.one.stop(how)
        self.one = self.reconcilers.start(*FLAGS)
