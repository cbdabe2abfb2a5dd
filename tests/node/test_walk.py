"""Workers follow a backlog, and no job is lost to anything that Headgate does or that happens to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.cluster import NodeCluster
from tests.cluster.redis import PublishedRedis
from tests.node.stack import Stack, eventually, pool, queue, secret

pytestmark = pytest.mark.node


@pytest.fixture
def stack(
    node_cluster: NodeCluster, namespace: str, cluster_redis: PublishedRedis, product_image: str, worker_image: str
) -> Iterator[Stack]:
    """Installed, with two idle workers."""
    assert product_image
    ready = Stack(node_cluster, namespace, cluster_redis)
    ready.install()
    try:
        ready.apply(secret(cluster_redis), queue(), pool(worker_image))
        eventually("the pool", lambda: ready.condition("workerpools", "workers", "Ready")[0], "True", 120)
        yield ready
    finally:
        ready.uninstall()


def revisions(stack: Stack) -> int:
    return len({pod["metadata"]["labels"]["headgate.dev/revision"] for pod in stack.pods()})


def test_no_job_is_lost_to_a_rollout_an_operator_that_is_killed_or_a_delete(stack: Stack, worker_image: str) -> None:
    generator = stack.load(jobs=240, duration=30, seconds=1.5)
    stack.apply(pool(worker_image, env=[{"name": "GREETING", "value": "hello"}]))
    eventually("two revisions", lambda: revisions(stack), 2)
    stack.kubectl("delete", "pods", "-l", "app.kubernetes.io/component=reconciler", "--force", "--grace-period=0")
    found = stack.accounted(generator, 180)
    assert (len(found.done), found.lost, found.done_twice, found.unended) == (240, frozenset(), frozenset(), ())
    eventually("one revision", lambda: revisions(stack), 1, 120)
    deployments = stack.kubectl("get", "deployments", "-l", "headgate.dev/pool=workers", "-o=name").split()
    assert len(deployments) == 2, "the new revision, and the old one at 0 for a rollback"

    generator = stack.load(jobs=40, duration=1, seconds=4, wait=25)
    eventually("busy workers", lambda: stack.in_flight() > 0, want=True)
    stack.kubectl("delete", "workerpool", "workers", "--timeout=90s")
    # A worker that has exited is no longer waited for; the kubelet takes its pod away a moment later.
    eventually("the pods", stack.pods, [])
    found = stack.accounted(generator, 60)
    assert (found.lost, found.done_twice, found.unended) == (frozenset(), frozenset(), ())
    assert stack.kubectl("get", "deployments,configmaps,pdb", "-l", "headgate.dev/pool=workers", "-o=name") == ""


def test_a_broker_that_is_away_is_told_of_and_holds_the_pool(stack: Stack) -> None:
    before = stack.get("workerpools", "workers")["status"]["desiredReplicas"]
    stack.redis.server.stop()
    eventually(
        "the queue",
        lambda: stack.condition("queues.work.headgate.dev", "jobs", "Ready"),
        ("False", "BrokerUnreachable"),
    )
    eventually("scaling", lambda: stack.condition("workerpools", "workers", "ScalingActive")[0], "False")
    assert stack.get("workerpools", "workers")["status"]["desiredReplicas"] == before
    stack.redis.server.start()
    eventually("the queue", lambda: stack.condition("queues.work.headgate.dev", "jobs", "Ready")[0], "True", 90)
    assert len(stack.pods()) == before
