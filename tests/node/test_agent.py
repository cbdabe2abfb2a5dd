"""The agent beside a worker that knows nothing of Headgate, on a real node: sidecar, headgate-wait and proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from tests.cluster.cluster import NodeCluster
from tests.cluster.redis import PublishedRedis
from tests.node.stack import Stack, eventually, pool, secret

pytestmark = pytest.mark.node

WORKER = """
import pathlib, signal, socket, time, redis
broker = redis.Redis.from_url(pathlib.Path("/etc/headgate/broker/jobs/url").read_text())
ended, name = [], socket.gethostname()
signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
broker.sadd("rq:workers", f"rq:worker:{name}")
while not ended:
    broker.hset(f"rq:worker:{name}", mapping={"hostname": name, "state": "idle"})
    if broker.blpop("rq:queue:jobs", 1):
        broker.hset(f"rq:worker:{name}", "state", "busy")
        broker.incr(f"begun:{name}")
        time.sleep(2)
        broker.incr(f"done:{name}")
"""


def rq_queue() -> dict[str, Any]:
    broker = {"connectionSecretRef": {"name": "broker"}, "redis": {"layout": "RQ"}}
    metadata = {"name": "jobs"}
    return {"apiVersion": "work.headgate.dev/v1", "kind": "Queue", "metadata": metadata, "spec": {"broker": broker}}


@pytest.fixture
def stack(
    node_cluster: NodeCluster, namespace: str, cluster_redis: PublishedRedis, product_image: str, worker_image: str
) -> Iterator[Stack]:
    assert product_image
    made = Stack(node_cluster, namespace, cluster_redis)
    made.install()
    try:
        workers = pool(worker_image, command=["python3", "-c", WORKER], concurrency=1, hold={"replicas": 2})
        made.apply(secret(cluster_redis), rq_queue(), workers)
        yield made
    finally:
        made.uninstall()


def test_a_worker_of_a_library_leaves_when_its_job_is_done(stack: Stack) -> None:
    with Redis.from_url(stack.redis.server.url, decode_responses=True) as client:
        client.rpush("rq:queue:jobs", *map(str, range(500)))

        def busy() -> int:
            return sum(client.hget(key, "state") == "busy" for key in client.smembers("rq:workers"))

        eventually("two busy workers", busy, 2, 120)
        eventually("the agent is heard", lambda: stack.get("wp", "workers")["status"].get("drainMethod"), "Broker", 60)
        before = {pod["metadata"]["name"] for pod in stack.pods()}
        stack.kubectl("patch", "wp", "workers", "--type=merge", "-p", json.dumps({"spec": {"hold": {"replicas": 1}}}))
        eventually("one worker is left", lambda: len(stack.pods()), 1, 90)
        (left,) = stack.pods()
        (gone,) = before - {left["metadata"]["name"]}
        assert client.get(f"begun:{gone}") == client.get(f"done:{gone}"), "no job was cut off"
        assert client.llen("rq:queue:jobs"), "there was work left that it could have taken"
        in_agent = ("exec", left["metadata"]["name"], "-c", "headgate-agent", "--")
        assert "Uid:\t65532" in stack.kubectl(*in_agent, "cat", "/proc/1/status")
        assert not stack.kubectl(*in_agent, "ls", "/var/run/secrets/kubernetes.io/serviceaccount").strip()
