"""Fake nodes: the real scheduler places pods, they are Running at once, and gone at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster import waiting
from tests.cluster.cluster import Cluster
from tests.cluster_tests.test_control_plane import DEPLOYMENT

pytestmark = pytest.mark.control_plane


def pods(cluster: Cluster) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cluster.kubectl("get", "pods", "-l", "app=idle", "-o", "json"))["items"]
    return found


def test_pods_are_spread_run_and_go(fake_nodes: Cluster) -> None:
    fake_nodes.kubectl("apply", "-f", "-", stdin=json.dumps(DEPLOYMENT))
    fake_nodes.kubectl("scale", "deployment/idle", "--replicas=20")
    fake_nodes.kubectl("rollout", "status", "deployment/idle", "--timeout=60s")
    running = pods(fake_nodes)
    assert len({pod["spec"]["nodeName"] for pod in running}) > 1
    assert {pod["status"]["phase"] for pod in running} == {"Running"}
    fake_nodes.kubectl("delete", "deployment/idle")
    waiting.until("the pods to go", lambda: f"{len(left)} pods" if (left := pods(fake_nodes)) else None, 60)
