"""The node: pods run, find each other by name, are read and entered."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest

from tests.cluster import cluster as clusters
from tests.cluster import redis, runtime, state, waiting
from tests.cluster.cluster import NodeCluster
from tests.cluster.errors import BusyError

pytestmark = pytest.mark.node

WEB_SERVER = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "terminationGracePeriodSeconds": 1,
        "containers": [
            {
                "name": "web",
                "image": runtime.SANDBOX_IMAGE,
                "imagePullPolicy": "Never",
                "command": ["/bin/busybox", "sh", "-c"],
                "args": ["echo started; exec /bin/busybox httpd -f -p 8080 -h /etc"],
                "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
            }
        ],
    },
}


@pytest.fixture
def web(node_cluster: NodeCluster, namespace: str) -> str:
    """A namespace with a Service `web` of one ready pod `web`."""
    node_cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(WEB_SERVER))
    node_cluster.kubectl("expose", "-n", namespace, "pod", "web", "--port=80", "--target-port=8080")
    node_cluster.kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/web", "--timeout=60s")
    return namespace


def in_pod(cluster: NodeCluster, namespace: str, *command: str, stdin: str | None = None) -> str:
    return cluster.kubectl("exec", "-i", "-n", namespace, "web", "--", "/bin/busybox", *command, stdin=stdin)


def test_a_pod_is_read_and_entered(node_cluster: NodeCluster, web: str) -> None:
    assert node_cluster.kubectl("logs", "-n", web, "web") == "started\n"
    assert in_pod(node_cluster, web, "hostname") == "web\n"


def test_a_pod_reaches_itself_and_the_api_server_through_their_services(node_cluster: NodeCluster, web: str) -> None:
    assert in_pod(node_cluster, web, "wget", "-qO-", f"http://web.{web}.svc/hostname") == "web\n"
    assert "Address: 10.96.0.1\n" in in_pod(node_cluster, web, "nslookup", "kubernetes.default.svc.cluster.local")


def test_this_machine_reaches_services_as_the_api_server_must(node_cluster: NodeCluster, web: str) -> None:
    address = node_cluster.kubectl("get", "-n", web, "service", "web", "-o", "jsonpath={.spec.clusterIP}")

    def lacking() -> str | None:
        # kube-proxy learns of a ready pod a moment after everybody else.
        try:
            with urllib.request.urlopen(f"http://{address}/hostname", timeout=10) as answer:
                body = answer.read()
        except OSError as error:
            return str(error)
        return None if body == b"web\n" else str(body)

    waiting.until("the Service answers", lacking, 30)


def test_pods_reach_a_redis_by_name(node_cluster: NodeCluster, web: str, cluster_redis: redis.PublishedRedis) -> None:
    password = cluster_redis.server.password
    assert cluster_redis.url == f"redis://:{password}@redis.{web}.svc:6379/0"
    commands = f"AUTH {password}\r\nPING\r\nQUIT\r\n"
    answers = in_pod(node_cluster, web, "nc", f"redis.{web}.svc", "6379", stdin=commands)
    assert re.findall(r"\+\w+", answers) == ["+OK", "+PONG", "+OK"]


def test_a_second_node_cluster_is_refused_with_the_way_out(node_cluster: NodeCluster) -> None:
    claimed = state.claim()
    try:
        with pytest.raises(BusyError, match=r"there can be only one.*python -m tests\.cluster down --state"):
            clusters.start_node(claimed)
    finally:
        claimed.remove()
    node_cluster.kubectl("get", "nodes")
