"""What is done to a pool: one function for each kind of removal, each until all is at rest again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import dataclass
from typing import Any, Final

from bench.processes import processes
from reconciler.phases.pool.pods import is_ready
from tests.cluster.node import NAME as NODE
from tests.node.stack import Stack, eventually, pool

HIGH: Final = 4
LOW: Final = 2
PATIENCE: Final = 180.0
WORKERS: Final = "headgate.dev/pool=workers"
ALL: Final = "headgate.dev/pool in (workers,heirs)"
RECONCILERS: Final = "app.kubernetes.io/component=reconciler"


@dataclass
class Acts:
    """The pool `workers` of a stack; `greeting` numbers its revisions, and a start is said to take `startup`."""

    stack: Stack
    image: str
    greeting: int = 0
    workload: str = "Deployment"
    startup: str = "5s"

    def apply(self, replicas: int) -> None:
        env = [{"name": "GREETING", "value": str(self.greeting)}]
        # A start-up time that is known shortens the proof of a new revision to its least: 10 s.
        scaling = {"maxReplicas": HIGH + 2, "startupTime": self.startup}
        spec = {"concurrency": 2, "scaling": scaling, "hold": {"replicas": replicas}, "env": env}
        spec["workload"] = {"type": self.workload}
        self.stack.apply(pool(self.image, **spec, drain={"timeout": "60s"}, rollout={"maxSurge": 1}))

    def until_serving(self, replicas: int) -> None:
        eventually(f"{replicas} workers serve", self._serving, (replicas, 0, 1), PATIENCE)

    def scale_down(self) -> None:
        for replicas in (HIGH, LOW):
            self.apply(replicas)
            self.until_serving(replicas)

    def roll_out(self) -> None:
        self.greeting += 1
        before = self._uids()
        self.apply(LOW)
        eventually("the old workers are gone", lambda: before & self._uids(), set(), PATIENCE)
        self.until_serving(LOW)

    def delete(self) -> None:
        self.stack.kubectl("delete", "workerpool", "workers", f"--timeout={PATIENCE:.0f}s")
        eventually("the pods", self.stack.pods, [])
        self.apply(LOW)
        self.until_serving(LOW)

    def drain_node(self) -> None:
        """`kubectl drain` cordons the node, by which its workers are asked to leave, and waits, because the budget lets
        nobody evict a worker, until all have been drained.
        """
        before = self._uids()
        try:
            drain = ("drain", NODE, f"--pod-selector={WORKERS}", "--ignore-daemonsets", "--delete-emptydir-data")
            self.stack.kubectl(*drain, f"--timeout={PATIENCE:.0f}s")
            eventually("the drained workers are gone", lambda: before & self._uids(), set(), PATIENCE)
        finally:
            self.stack.kubectl("uncordon", NODE)
        self.until_serving(LOW)

    def take_over(self) -> None:
        """Workers of a Deployment of somebody else's give way to those of a pool that takes it over."""
        legacy = plain_deployment(self.child())
        self.apply(0)
        eventually("the pool is empty", self.stack.pods, [], PATIENCE)
        self.stack.apply(legacy)
        eventually("the old workers", lambda: _ready_plain(self.stack), (LOW, LOW), PATIENCE)
        scaling, hold = {"maxReplicas": HIGH, "startupTime": "5s"}, {"replicas": LOW}
        spec = {"concurrency": 2, "scaling": scaling, "hold": hold, "takeOver": {"deploymentName": "plain"}}
        heirs = pool(self.image, **spec, drain={"timeout": "60s"}, rollout={"maxSurge": 1})
        heirs["metadata"]["name"] = "heirs"
        self.stack.apply(heirs)
        eventually("it", lambda: self.stack.condition("workerpools", "heirs", "TakenOver")[0], "True", PATIENCE)
        self.stack.kubectl("delete", "workerpool", "heirs", f"--timeout={PATIENCE:.0f}s")
        self.stack.kubectl("delete", "deployment", "plain")
        eventually("the pods", self.stack.pods, [], PATIENCE)
        self.apply(LOW)
        self.until_serving(LOW)

    def child(self) -> dict[str, Any]:
        """What runs the pool's workers."""
        names = self.stack.kubectl("get", "deployments,statefulsets", "-l", WORKERS, "-o=name").split()
        return next(one for name in names if (one := self.stack.get(*name.split("/")))["spec"]["replicas"])

    def _uids(self) -> set[str]:
        return {pod["metadata"]["uid"] for pod in self.stack.pods()}

    def _serving(self) -> tuple[int, int, int]:
        """Ready workers, how many of them leave, and of how many revisions they are."""
        pods = [pod for pod in self.stack.pods() if "deletionTimestamp" not in pod["metadata"]]
        ready = sum(map(is_ready, pods))
        leaving = sum("headgate.dev/drain" in pod["metadata"].get("annotations", {}) for pod in pods)
        revisions = len({pod["metadata"]["labels"]["headgate.dev/revision"] for pod in pods})
        return (ready if len(pods) == len(self.stack.pods()) else -1, leaving, revisions)


def kill_reconcilers(stack: Stack) -> None:
    """SIGKILL to every reconciler of the namespace; the kubelet starts them again."""
    for pid in reconcilers(stack):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def reconcilers(stack: Stack) -> list[int]:
    """The processes of this install's operator."""
    own = f"--namespace={stack.namespace}".encode()
    return [pid for pid, words in processes() if b"reconciler" in words and own in words]


def replace_reconcilers(stack: Stack) -> None:
    """The same, and new pods at once, without the back-off of a crash loop."""
    kill_reconcilers(stack)
    stack.kubectl("delete", "pods", "-l", RECONCILERS, "--force", "--grace-period=0")


def plain_deployment(child: dict[str, Any]) -> dict[str, Any]:
    """The same workers as a Deployment that nobody looks after, with a long grace period."""
    template = json.loads(json.dumps(child["spec"]["template"]))
    template["metadata"] = {"labels": {"app": "plain"}}
    template["spec"]["terminationGracePeriodSeconds"] = 60
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "plain"},
        "spec": {"replicas": LOW, "selector": {"matchLabels": {"app": "plain"}}, "template": template},
    }


def scale_plain_down(stack: Stack) -> None:
    for replicas in (HIGH, LOW):
        stack.kubectl("scale", "deployment", "plain", f"--replicas={replicas}")
        eventually(f"{replicas} plain workers", lambda: _ready_plain(stack), (replicas, replicas), PATIENCE)


def _ready_plain(stack: Stack) -> tuple[int, int]:
    pods = json.loads(stack.kubectl("get", "pods", "-l", "app=plain", "-o=json"))["items"]
    return len(pods), sum(map(is_ready, pods))
