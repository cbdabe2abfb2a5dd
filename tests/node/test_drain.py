"""Busy workers on a real node: nobody deletes them, `kubectl drain` waits for them alone, and who is idle leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.drain import acts, figures
from bench.drain.acts import Acts
from bench.drain.watching import Load, Pods, beside
from examples.load.account import account
from tests.cluster.cluster import NodeCluster
from tests.cluster.redis import PublishedRedis
from tests.node.stack import Stack, eventually, queue, secret

pytestmark = pytest.mark.node


@pytest.fixture
def acting(
    node_cluster: NodeCluster, namespace: str, cluster_redis: PublishedRedis, product_image: str, worker_image: str
) -> Iterator[Acts]:
    """A pool of two workers that serve."""
    assert product_image
    stack = Stack(node_cluster, namespace, cluster_redis)
    stack.install("scope=cluster")
    try:
        stack.apply(secret(cluster_redis), queue())
        # Whoever waited for successors as long as they may take to start would let no `kubectl drain` end in time.
        ready = Acts(stack, worker_image, startup="5m")
        ready.apply(acts.LOW)
        ready.until_serving(acts.LOW)
        yield ready
    finally:
        stack.uninstall()


def test_no_busy_worker_is_hit_by_a_scale_down_a_user_or_the_maintenance_of_its_node(acting: Acts) -> None:
    stack = acting.stack
    pods, load = Pods(stack.cluster, stack.namespace, acts.WORKERS), Load(stack.redis.server.url, "node")
    with beside(pods.watch):
        with beside(load.feed):
            eventually("busy workers", lambda: stack.in_flight() > 0, want=True)
            with pytest.raises(RuntimeError, match="has not been drained"):
                stack.kubectl("delete", "pods", "-l", acts.WORKERS, "--wait=false")
            acting.drain_node()
            acting.scale_down()
            acts.kill_reconcilers(stack)
        eventually("all jobs ended", lambda: account(load.ledger()).settled, True, 60)
    ledger = load.ledger()
    found = account(ledger)
    assert (found.lost, found.done_twice, found.unended) == (frozenset(), frozenset(), ())
    removed = figures.removals(pods.lives.values(), figures.runs(ledger.events))
    assert len(removed) >= 4
    assert not [one for one in removed if one.busy]
    eventually("the guard", lambda: stack.condition("workerpools", "workers", "Guarantee"), ("True", "Enforced"))
