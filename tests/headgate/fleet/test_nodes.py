"""`headgate drain --node`: whom it asks, and what it tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli import main
from headgate.fleet import nodes
from tests.cluster.cluster import Cluster

NOW = datetime(2026, 11, 25, 20, tzinfo=UTC)


def pod(name: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", **metadata}}


@pytest.mark.parametrize(
    ("metadata", "want"),
    [
        pytest.param({}, True, id="a worker"),
        pytest.param({"annotations": {"headgate.dev/drain": "Scale/x"}}, False, id="one that drains already"),
        pytest.param({"deletionTimestamp": "2026-11-25T20:00:00Z"}, False, id="one that is leaving"),
    ],
)
def test_who_is_asked(metadata: dict[str, Any], want: bool) -> None:
    assert bool(nodes.to_ask([pod("a", **metadata)])) is want


@pytest.mark.parametrize(
    ("uid", "closed", "want"),
    [
        pytest.param("uid-a", False, True, id="who was called back is asked again"),
        pytest.param("uid-new", True, True, id="so is who arrived on a node that is cordoned"),
        pytest.param("uid-new", False, False, id="but no successor that came back to one that is not"),
    ],
)
def test_who_is_asked_again(uid: str, closed: bool, want: bool) -> None:
    assert bool(nodes.to_ask_again([pod("a", uid=uid)], {"uid-a"}, closed=closed)) is want


def test_a_request_is_for_this_very_pod() -> None:
    assert nodes.request(pod("a"), NOW) == {
        "metadata": {"uid": "uid-a", "annotations": {"headgate.dev/drain": "Node/2026-11-25T20:00:00Z"}}
    }


def test_a_few_are_named() -> None:
    assert nodes.progress([pod("a")]) == "1 worker left: shop/a"
    assert nodes.progress([pod(name) for name in "dbeac"]) == "5 workers left: shop/a, shop/b, shop/c and 2 more"


def call(cluster: Cluster, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["drain", "--kubeconfig", str(cluster.kubeconfig), *arguments])


@pytest.fixture
def node(kinds: Cluster, namespace: str) -> Iterator[str]:
    """A node with two workers and a pod of somebody else on it; nothing really runs there."""
    name = f"node-{namespace}"
    kinds.kubectl(
        "create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    )
    for pod_name, labels in (("w-1", {"headgate.dev/pool": "w"}), ("w-2", {"headgate.dev/pool": "w"}), ("other", {})):
        made = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": pod_name, "labels": labels},
            "spec": {"nodeName": name, "containers": [{"name": "worker", "image": "i"}]},
        }
        kinds.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(made))
    yield name
    kinds.kubectl("delete", "node", name)


@pytest.mark.control_plane
def test_the_workers_of_a_node_are_asked_and_awaited(kinds: Cluster, namespace: str, node: str) -> None:
    first = call(kinds, "-n", namespace, "--node", node, "--timeout=1s")
    assert (first.exit_code, first.output.splitlines()) == (
        1,
        [
            f"node {node}: takes new pods, so workers may come back to it; kubectl cordon {node}",
            f"node {node}: 2 workers asked to drain",
            f"node {node}: 2 workers left: {namespace}/w-1, {namespace}/w-2",
            f"node {node}: not empty after 1 s; the drain goes on",
        ],
    )
    read = kinds.kubectl("-n", namespace, "get", "pods", "-o", "json")
    asked = {one["metadata"]["name"] for one in json.loads(read)["items"] if "annotations" in one["metadata"]}
    assert asked == {"w-1", "w-2"}
    kinds.kubectl("cordon", node)
    kinds.kubectl("-n", namespace, "delete", "pods", "w-1", "w-2", "--force", "--grace-period=0")
    again = call(kinds, "-n", namespace, "--node", node)
    assert (again.exit_code, again.output.splitlines()) == (
        0,
        [f"node {node}: 0 workers asked to drain", f"node {node}: no workers left"],
    )


@pytest.mark.control_plane
def test_a_node_that_is_not_there_is_not_drained(kinds: Cluster) -> None:
    result = call(kinds, "--node", "nowhere", "-A")
    assert result.exit_code == 2
    assert 'nodes "nowhere" not found' in result.stderr


@pytest.mark.parametrize("arguments", [[], ["wp/w", "--node", "n"], ["wp/w", "-A"]])
def test_one_thing_is_drained_at_a_time(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["drain", *arguments]).exit_code == 2
