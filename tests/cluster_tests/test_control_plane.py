"""The control plane as tests meet it: real controllers, reachable webhooks, several at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster import waiting
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.control_plane import Settings

pytestmark = pytest.mark.control_plane

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "idle"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "idle"}},
        "template": {
            "metadata": {"labels": {"app": "idle"}},
            "spec": {"containers": [{"name": "idle", "image": "localhost/idle"}]},
        },
    },
}


def get(cluster: Cluster, *arguments: str) -> Any:
    return json.loads(cluster.kubectl("get", "--ignore-not-found", "-o", "json", *arguments) or "null")


def test_a_deployment_gets_its_pods(control_plane: Cluster, namespace: str) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(DEPLOYMENT))

    def seen() -> str | None:
        pods = get(control_plane, "-n", namespace, "pods", "-l", "app=idle")["items"]
        return None if len(pods) == 2 else f"{len(pods)} pods"

    waiting.until("two pods", seen, 30)


def test_a_deleted_namespace_goes_with_all_in_it(control_plane: Cluster, namespace: str) -> None:
    control_plane.kubectl("create", "configmap", "-n", namespace, "any")
    control_plane.kubectl("create", "namespace", f"{namespace}-gone")
    control_plane.kubectl("create", "configmap", "-n", f"{namespace}-gone", "any")
    control_plane.kubectl("delete", "namespace", f"{namespace}-gone", "--wait", "--timeout=60s")
    assert get(control_plane, "namespace", f"{namespace}-gone") is None
    assert get(control_plane, "configmap", "-n", namespace, "any") is not None


def test_two_control_planes_do_not_meet(control_plane: Cluster) -> None:
    with running_control_plane(Settings(controllers=False)) as other:
        assert other.server != control_plane.server
        other.kubectl("create", "namespace", "only-there")
        assert get(control_plane, "namespace", "only-there") is None
