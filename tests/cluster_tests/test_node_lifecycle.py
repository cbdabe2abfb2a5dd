"""Whatever happens to the process that started a node, the machine is as it was."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.cluster import machine, waiting
from tests.cluster.cluster import Cluster, NodeCluster, running_node
from tests.cluster_tests.runs import alive, another_run
from tests.cluster_tests.test_node import WEB_SERVER

pytestmark = pytest.mark.node


def traces() -> str | None:
    """What a node leaves on the machine; None when there is nothing."""
    folders = [*Path("/sys/fs/cgroup").glob(f"**/{machine.CGROUP}"), *Path("/run").glob("headgate-node")]
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if "headgate" in line]
    listed = f"{machine.run('ip', '-brief', 'link')}{machine.run('nft', 'list', 'tables')}".splitlines()
    lines = [line for line in listed if machine.BRIDGE in line or "kube-proxy" in line]
    found = [*map(str, folders), *mounts, *lines]
    return "; ".join(found) or None


def run_web_server(cluster: Cluster) -> None:
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(WEB_SERVER))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=60s")


def test_a_killed_node_is_replaced_by_the_next_and_that_leaves_no_trace() -> None:
    with another_run("running_node") as (run, left):
        run_web_server(NodeCluster(left.kubeconfig, ""))
        started = list(left.running().values())
        os.kill(left.running()["janitor"].pid, signal.SIGKILL)
        run.kill()
    assert traces() is not None, "nobody is left to take it away"
    with running_node() as cluster:
        assert alive(started) is None
        assert not left.path.exists()
        run_web_server(cluster)
    assert traces() is None


def test_a_killed_node_goes_by_its_janitor() -> None:
    with another_run("running_node") as (run, left):
        run_web_server(NodeCluster(left.kubeconfig, ""))
        run.kill()
    waiting.until("the janitor's work", traces, 30)
