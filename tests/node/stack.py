"""An installed Headgate with a queue at a real Redis and a pool of reference workers."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from examples.load import ledger as ledgers
from examples.load.account import Account, account
from tests.chart.helm import CRDS, HEADGATE, Helm
from tests.cluster.cluster import NodeCluster
from tests.cluster.redis import PublishedRedis

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Stack:
    """One namespace with everything in it."""

    cluster: NodeCluster
    namespace: str
    redis: PublishedRedis

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.cluster.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def install(self, *values: str) -> None:
        """With these values of the chart, as `--set` takes them."""
        helm = Helm(self.cluster.kubeconfig)
        crds = ("headgate-crds", CRDS, "-n", "headgate-crds", "--create-namespace", "--set=image.tag=dev")
        helm.run("upgrade", "--install", "--take-ownership", "--force-conflicts", *crds)
        image = ("--set=image.tag=dev", "--set=image.pullPolicy=Never")
        chosen = [f"--set={value}" for value in values]
        helm.run("upgrade", "--install", "hg", HEADGATE, "-n", self.namespace, *image, *chosen)

    def uninstall(self) -> None:
        Helm(self.cluster.kubeconfig).run("uninstall", "hg", "-n", self.namespace, "--ignore-not-found")

    def apply(self, *objects: dict[str, Any]) -> str:
        return self.kubectl("apply", "-f-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def get(self, what: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", what, name, "-o=json"))
        return found

    def pods(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.kubectl("get", "pods", "-l", "headgate.dev/pool", "-o=json"))[
            "items"
        ]
        return found

    def condition(self, what: str, name: str, kind: str) -> tuple[str, str]:
        """(status, reason) of a condition; empty texts where it is not there."""
        for condition in self.get(what, name).get("status", {}).get("conditions", ()):
            if condition["type"] == kind:
                return condition["status"], condition["reason"]
        return "", ""

    def load(self, jobs: int, duration: float, seconds: float, wait: float = 120.0) -> subprocess.Popen[str]:
        """The load generator under way; its ledger is what `accounted` reads."""
        command = [sys.executable, "-m", "examples.load", "run", f"--redis={self.redis.server.url}", "--queue=jobs"]
        command += [f"--jobs={jobs}", f"--duration={duration}", f"--seconds={seconds}", f"--wait={wait}"]
        command += [f"--ledger={self._ledger}"]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def accounted(self, generator: subprocess.Popen[str], seconds: float) -> Account:
        said, _ = generator.communicate(timeout=seconds)
        assert generator.returncode == 0, said
        return account(ledgers.load(self._ledger.read_text().splitlines()))

    def in_flight(self) -> int:
        """Jobs that workers hold, as the broker has them."""
        with Redis.from_url(self.redis.server.url) as client:
            return sum(client.llen(key) for key in client.scan_iter("jobs:processing:*"))

    @property
    def _ledger(self) -> Path:
        return self.cluster.kubeconfig.parent / f"{self.namespace}.ledger"


def eventually(what: str, probe: Callable[[], Any], want: Any, seconds: float = 60.0) -> None:
    """Wait until `probe` sees `want`."""
    deadline = time.monotonic() + seconds
    while (seen := probe()) != want:
        assert time.monotonic() < deadline, f"{what}: wanted {want!r} within {seconds:g} s; last seen: {seen!r}"
        time.sleep(0.5)


def secret(redis: PublishedRedis) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "broker", "labels": {"headgate.dev/broker-credentials": "true"}},
        "data": {"url": base64.b64encode(redis.url.encode()).decode()},
    }


def queue() -> dict[str, Any]:
    broker = {"connectionSecretRef": {"name": "broker"}, "redis": {"layout": "List"}}
    return {
        "apiVersion": "work.headgate.dev/v1",
        "kind": "Queue",
        "metadata": {"name": "jobs"},
        "spec": {"maxJobDuration": "30s", "broker": broker},
    }


def pool(image: str, **spec: Any) -> dict[str, Any]:
    scaling = {"minReplicas": 2, "maxReplicas": 4}
    return {
        "apiVersion": "work.headgate.dev/v1",
        "kind": "WorkerPool",
        "metadata": {"name": "workers"},
        "spec": {"queues": [{"name": "jobs"}], "image": image, "concurrency": 4, "scaling": scaling, **spec},
    }
