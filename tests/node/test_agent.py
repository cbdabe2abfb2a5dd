"""The agent beside a worker that knows nothing of Headgate, on a real node: sidecar, headgate-wait and proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
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


SPOKEN_TO = """
import pathlib, signal, socket, time, redis
broker = redis.Redis.from_url(pathlib.Path("/etc/headgate/broker/mails/url").read_text(), decode_responses=True)
ended, host, job, quiet = [], socket.gethostname(), None, False
me = f"{host}:1:3f2a9c01d2aa"
signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
broker.sadd("processes", me)
while not ended:
    if job is None and not quiet and (job := broker.rpop("queue:mails")):
        until = time.monotonic() + float(job)
    if job is not None and time.monotonic() >= until:
        job = None
    quiet = quiet or broker.rpop(f"{me}-signals") == "TSTP"
    told = {"busy": int(job is not None), "beat": time.time(), "quiet": str(quiet).lower()}
    broker.hset(me, mapping=told)
    time.sleep(0.2)
if job is not None:
    broker.rpush("queue:mails", job)
broker.set(f"sigterm:{host}", "idle" if job is None else "busy")
"""
"""Plays Sidekiq, with a heartbeat that is faster than its own."""


def queue_of(name: str, layout: str) -> dict[str, Any]:
    broker = {"connectionSecretRef": {"name": "broker"}, "redis": {"layout": layout}}
    metadata = {"name": name}
    return {"apiVersion": "work.headgate.dev/v1", "kind": "Queue", "metadata": metadata, "spec": {"broker": broker}}


def spoken_to(image: str) -> dict[str, Any]:
    """A pool of one worker whose grace period of 300 s is as long as its drain may take."""
    made = pool(
        image,
        queues=[{"name": "mails"}],
        command=["python3", "-c", SPOKEN_TO],
        concurrency=1,
        hold={"replicas": 1},
        drain={"timeout": "300s"},
    )
    return made | {"metadata": {"name": "spoken-to"}}


def pods_of(stack: Stack, name: str) -> list[str]:
    """Those that are not on their way out."""
    found = [pod["metadata"] for pod in stack.pods()]
    return [
        one["name"] for one in found if one["labels"]["headgate.dev/pool"] == name and "deletionTimestamp" not in one
    ]


@pytest.fixture
def stack(
    node_cluster: NodeCluster, namespace: str, cluster_redis: PublishedRedis, product_image: str, worker_image: str
) -> Iterator[Stack]:
    assert product_image
    made = Stack(node_cluster, namespace, cluster_redis)
    made.install()
    try:
        workers = pool(worker_image, command=["python3", "-c", WORKER], concurrency=1, hold={"replicas": 2})
        queues = (queue_of("jobs", "RQ"), queue_of("mails", "Sidekiq"))
        made.apply(secret(cluster_redis), *queues, workers, spoken_to(worker_image))
        yield made
    finally:
        made.uninstall()


def test_workers_of_libraries_leave_when_their_jobs_are_done(stack: Stack) -> None:
    """One install for both, because it takes longer than the rest."""
    with Redis.from_url(stack.redis.server.url, decode_responses=True) as client:
        a_wrapped_one_leaves(stack, client)
        a_hook_has_one_finish_before_sigterm(stack, client)
        a_hook_lets_go_of_one_that_was_given_up(stack, client)


def a_wrapped_one_leaves(stack: Stack, client: Any) -> None:
    client.rpush("rq:queue:jobs", *map(str, range(500)))

    def busy() -> int:
        return sum(client.hget(key, "state") == "busy" for key in client.smembers("rq:workers"))

    eventually("two busy workers", busy, 2, 120)
    eventually("the agent is heard", lambda: stack.get("wp", "workers")["status"].get("drainMethod"), "Broker", 60)
    before = set(pods_of(stack, "workers"))
    stack.kubectl("patch", "wp", "workers", "--type=merge", "-p", json.dumps({"spec": {"hold": {"replicas": 1}}}))
    eventually("one worker is left", lambda: len(pods_of(stack, "workers")), 1, 90)
    (left,) = pods_of(stack, "workers")
    (gone,) = before - {left}
    assert client.get(f"begun:{gone}") == client.get(f"done:{gone}"), "no job was cut off"
    assert client.llen("rq:queue:jobs"), "there was work left that it could have taken"
    in_agent = ("exec", left, "-c", "headgate-agent", "--")
    assert "Uid:\t65532" in stack.kubectl(*in_agent, "cat", "/proc/1/status")
    assert not stack.kubectl(*in_agent, "ls", "/var/run/secrets/kubernetes.io/serviceaccount").strip()


def a_busy_one(client: Any, stack: Stack, seconds: int) -> str:
    client.rpush("queue:mails", str(seconds))

    def taken_by() -> str:
        names = pods_of(stack, "spoken-to")
        return next((name for name in names if client.hget(f"{name}:1:3f2a9c01d2aa", "busy") == "1"), "")

    eventually("the job is taken", lambda: bool(taken_by()), want=True, seconds=120)
    return taken_by()


def a_hook_has_one_finish_before_sigterm(stack: Stack, client: Any) -> None:
    """Also where somebody deletes it who says that he may."""
    name = a_busy_one(client, stack, 10)
    until = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    stack.kubectl("annotate", "pod", name, f"headgate.dev/break-glass={until} tried by a test")
    stack.kubectl("delete", "pod", name, "--wait=false")
    eventually("SIGTERM came when nothing ran", lambda: client.get(f"sigterm:{name}"), "idle", 90)


def a_hook_lets_go_of_one_that_was_given_up(stack: Stack, client: Any) -> None:
    """In a tenth of the time for which the hook would wait for a busy one."""
    name = a_busy_one(client, stack, 3600)
    spec = {"hold": {"replicas": 0}, "drain": {"timeout": "2s", "onTimeout": "Requeue"}}
    stack.kubectl("patch", "wp", "spoken-to", "--type=merge", "-p", json.dumps({"spec": spec}))
    eventually("SIGTERM came all the same", lambda: client.get(f"sigterm:{name}"), "busy", 60)
    assert client.lrange("queue:mails", 0, -1) == ["3600"], "the job was given back"
