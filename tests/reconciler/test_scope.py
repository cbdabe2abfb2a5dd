"""One reconciler for a whole cluster: every namespace but those that another install has claimed."""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cluster import Cluster, running_control_plane
from tests.kinds import serve
from tests.reconciler.builders import policy, pool, queue
from tests.reconciler.objects import IN_FORCE, READY, Objects, wait_for
from tests.reconciler.reconcilers import Reconciler, Reconcilers

pytestmark = pytest.mark.control_plane

CLUSTER = ("--scope", "cluster")
CLAIM = "headgate.dev/install"


@pytest.fixture(scope="module")
def whole() -> Iterator[Cluster]:
    """A cluster of one's own: an install of cluster scope would look after the other tests' objects too."""
    with running_control_plane() as cluster:
        serve(cluster)
        yield cluster


@pytest.fixture
def operators(whole: Cluster, tmp_path: Path) -> Iterator[Reconcilers]:
    started = Reconcilers(whole.kubeconfig, "default", tmp_path)
    yield started
    for one in started.started:
        # Not killed: the next test's would wait for the Lease.
        one.stop(signal.SIGTERM)
    started.kill_all()


def team(cluster: Cluster) -> Objects:
    name = f"team-{secrets.token_hex(3)}"
    cluster.kubectl("create", "namespace", name)
    return Objects(cluster, name)


def label(cluster: Cluster, objects: Objects, label: str) -> None:
    cluster.kubectl("label", "namespace", objects.namespace, label)


def test_every_namespace_is_looked_after_but_claimed_ones(whole: Cluster, operators: Reconcilers) -> None:
    one, other, claimed = team(whole), team(whole), team(whole)
    label(whole, claimed, f"{CLAIM}=theirs")
    for objects in (one, other, claimed):
        objects.apply(queue("q"), policy("limits"))
    whole.kubectl("create", "-f-", stdin=CLUSTER_POLICY)
    running = operators.start(*CLUSTER)
    for objects in (one, other):
        wait_for(operators, running, objects, "queue", "q", READY)
        wait_for(operators, running, objects, "policies.work.headgate.dev", "limits", IN_FORCE)
    wait_for(operators, running, one, "clusterpolicy", "everywhere", IN_FORCE)
    assert "status" not in claimed.get("queue", "q")

    label(whole, claimed, f"{CLAIM}-")
    wait_for(operators, running, claimed, "queue", "q", READY)
    label(whole, other, f"{CLAIM}=theirs")
    one.apply(queue("later"))
    wait_for(operators, running, one, "queue", "later", READY)
    other.apply(queue("later"))
    one.apply(queue("last"))
    wait_for(operators, running, one, "queue", "last", READY)
    assert "status" not in other.get("queue", "later")
    assert running.messages("error") + running.messages("warning") == []


CLUSTER_POLICY = """
apiVersion: work.headgate.dev/v1
kind: ClusterPolicy
metadata: {name: everywhere}
spec: {action: Warn, match: {namespaceSelector: {}}}
"""


def test_switching_the_scope_leaves_workers_as_they_are(whole: Cluster, operators: Reconcilers) -> None:
    objects = team(whole)
    operators.program = "tests.reconciler.phases.whole"
    operators.namespace = objects.namespace
    workers = pool("w")
    workers["spec"]["hold"] = {"replicas": 2}
    objects.apply(queue("q"), workers)
    first = operators.start()

    def grown() -> str | None:
        found = objects.all("deployments")
        return None if [one["spec"]["replicas"] for one in found] == [2] else str(found)

    operators.until(first, "the pool has two replicas", grown)
    before = objects.all("deployments")
    first.stop(signal.SIGTERM)
    operators.started.clear()

    operators.namespace = "default"
    second = operators.start(*CLUSTER)
    objects.patch("wp", "w", {"metadata": {"labels": {"seen": "again"}}})
    passes = 'headgate_reconcile_duration_seconds_count{kind="WorkerPool"}'
    operators.until_leading(second)
    operators.until(
        second, "a pass of the new install", lambda: None if second.metric(passes) else second.log.read_text()
    )
    after = objects.all("deployments")
    assert [one["metadata"]["uid"] for one in after] == [one["metadata"]["uid"] for one in before]
    assert [one["metadata"]["generation"] for one in after] == [one["metadata"]["generation"] for one in before]


def test_workers_on_a_cordoned_node_are_asked_to_leave_and_called_back(whole: Cluster, operators: Reconcilers) -> None:
    objects = team(whole)
    operators.program = "tests.reconciler.phases.whole"
    workers = pool("w")
    workers["spec"] |= {"hold": {"replicas": 1}, "rollout": {"maxSurge": 0, "maxUnavailable": 1}}
    objects.apply(queue("q"), workers)
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": objects.namespace}}
    whole.kubectl("create", "-f-", stdin=json.dumps(node))
    running = operators.start(*CLUSTER)
    operators.until(running, "a worker", lambda: None if objects.all("pods") else "none")
    (worker,) = objects.all("pods")
    place(whole, worker, objects.namespace)

    def asked(want: str) -> str | None:
        (seen,) = [pod["metadata"].get("annotations", {}).get("headgate.dev/drain", "") for pod in objects.all("pods")]
        return None if seen.partition("/")[0] == want else seen or "it is not asked"

    whole.kubectl("cordon", objects.namespace)
    operators.until(running, "the worker is asked", lambda: asked("NodeMaintenance"))
    whole.kubectl("uncordon", objects.namespace)
    operators.until(running, "the request is withdrawn", lambda: asked(""))
    assert objects.all("pods")[0]["metadata"]["uid"] == worker["metadata"]["uid"]


def test_a_worker_on_a_cordoned_node_stays_until_another_serves(whole: Cluster, operators: Reconcilers) -> None:
    objects = team(whole)
    operators.program = "tests.reconciler.phases.whole"
    running, node, first, second = cordoned_with_a_successor(whole, objects, operators)
    place(whole, second, node)
    name = first["metadata"]["name"]
    operators.until(running, "the first is asked", lambda: None if asked(objects) == [name] else str(asked(objects)))


def test_it_stays_as_long_as_a_node_is_added_for_that_other(whole: Cluster, operators: Reconcilers) -> None:
    objects = team(whole)
    running, _, first, second = cordoned_with_a_successor(whole, objects, operators)
    refuse(whole, second)
    say(whole, second, "TriggeredScaleUp", 1)
    added = "stay until others serve in their place, for which a node is being added"

    def said() -> str | None:
        found = objects.conditions("wp", "w")
        return None if any(added in one for one in found) else str(found)

    operators.until(running, "a node that is added", said)
    assert asked(objects) == []
    say(whole, second, "NotTriggerScaleUp", 2)
    name = first["metadata"]["name"]
    operators.until(running, "the first is asked", lambda: None if name in asked(objects) else str(asked(objects)))


Pod = dict[str, Any]


def cordoned_with_a_successor(
    cluster: Cluster, objects: Objects, operators: Reconcilers
) -> tuple[Reconciler, str, Pod, Pod]:
    """The reconciler, a node that takes pods, a worker on one that takes none any more, and who is to serve in its
    place, which is on no node yet. A start may take so long that nobody gives up waiting for it.
    """
    operators.program = "tests.reconciler.phases.whole"
    workers = pool("w")
    workers["spec"] |= {"hold": {"replicas": 1}}
    workers["spec"]["scaling"]["startupTime"] = "5m"
    objects.apply(queue("q"), workers)
    nodes = [f"{objects.namespace}-{place}" for place in ("goes", "stays")]
    for name in nodes:
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
        cluster.kubectl("create", "-f-", stdin=json.dumps(node))
    running = operators.start(*CLUSTER)
    operators.until(running, "a worker", lambda: None if objects.all("pods") else "none")
    (first,) = objects.all("pods")
    place(cluster, first, nodes[0])
    cluster.kubectl("cordon", nodes[0])
    operators.until(running, "another worker", lambda: None if len(objects.all("pods")) == 2 else "none")
    (second,) = [pod for pod in objects.all("pods") if pod["metadata"]["name"] != first["metadata"]["name"]]
    assert asked(objects) == []
    return running, nodes[1], first, second


def asked(objects: Objects) -> list[str]:
    pods = objects.all("pods")
    return [pod["metadata"]["name"] for pod in pods if "headgate.dev/drain" in pod["metadata"].get("annotations", {})]


def refuse(cluster: Cluster, pod: Pod) -> None:
    """What the scheduler says where no node has room."""
    refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes"}
    patch = json.dumps({"status": {"conditions": [refused]}})
    metadata = pod["metadata"]
    asked = ("patch", "pod", metadata["name"], "--subresource=status", "--type=merge", "-p", patch)
    cluster.kubectl("-n", metadata["namespace"], *asked)


def say(cluster: Cluster, pod: Pod, reason: str, second: int) -> None:
    """An Event of an autoscaler on the pod."""
    metadata, now = pod["metadata"], f"2027-01-15T08:00:{second:02}Z"
    about = {"apiVersion": "v1", "kind": "Pod"} | {key: metadata[key] for key in ("name", "namespace", "uid")}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "said-", "namespace": metadata["namespace"]},
        "involvedObject": about,
        "type": "Normal",
        "reason": reason,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "source": {"component": "cluster-autoscaler"},
    }
    cluster.kubectl("create", "-f-", stdin=json.dumps(event))


def place(cluster: Cluster, pod: dict[str, Any], node: str) -> None:
    """What scheduler and kubelet do: the worker runs there."""
    metadata = pod["metadata"]
    target = {"apiVersion": "v1", "kind": "Node", "name": node}
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": metadata["name"]}, "target": target}
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/binding"
    cluster.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(binding))
    worker = {"name": "worker", "image": "i", "imageID": "i", "ready": True, "restartCount": 0, "containerID": "c://1"}
    state = {"running": {"startedAt": "2027-01-15T08:00:00Z"}}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2027-01-15T08:00:00Z"}
    status = {"phase": "Running", "conditions": [ready], "containerStatuses": [{**worker, "state": state}]}
    patch = (
        "patch",
        "pod",
        metadata["name"],
        "--subresource=status",
        "--type=merge",
        "-p",
        json.dumps({"status": status}),
    )
    cluster.kubectl("-n", metadata["namespace"], *patch)


BUDGET = """
apiVersion: work.headgate.dev/v1
kind: ClusterPolicy
metadata: {name: shared-budget}
spec:
  action: Warn
  match: {namespaceSelector: {matchLabels: {budget: shared}}}
  budget: {maxReplicas: 4}
"""


def test_pools_of_several_namespaces_share_the_budget_of_a_cluster_policy(
    whole: Cluster, operators: Reconcilers
) -> None:
    one, other, outside = team(whole), team(whole), team(whole)
    for objects in (one, other):
        label(whole, objects, "budget=shared")
    whole.kubectl("create", "-f-", stdin=BUDGET)
    workers = pool("w")
    workers["spec"]["hold"] = {"replicas": 3}
    operators.program = "tests.reconciler.phases.whole"
    running = operators.start(*CLUSTER)

    def have(want: dict[Objects, int]) -> str | None:
        found = [[child["spec"]["replicas"] for child in objects.all("deployments")] for objects in want]
        return None if found == [[number] for number in want.values()] else str(found)

    one.apply(queue("q"), workers)
    operators.until(running, "the first pool has all it wants", lambda: have({one: 3}))
    for objects in (other, outside):
        objects.apply(queue("q"), workers)
    operators.until(
        running, "the second has what is left, one outside all", lambda: have({one: 3, other: 1, outside: 3})
    )
    assert other.get("wp", "w")["status"]["summary"] == "waits for 1 of the budget", "of the 2 that it is entitled to"
    whole.kubectl(
        "patch", "clusterpolicy", "shared-budget", "--type=merge", "-p", '{"spec":{"budget":{"maxReplicas":6}}}'
    )
    operators.until(running, "a larger budget is given out", lambda: have({one: 3, other: 3, outside: 3}))
