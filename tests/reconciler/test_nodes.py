"""Which nodes are to be emptied of workers, and what is kept of a Node."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.nodes import is_leaving, trimmed
from reconciler.store import Store
from reconciler.trimming import trim
from tests.reconciler.builders import metadata


def node(name: str = "n", **spec: Any) -> dict[str, Any]:
    status = {"images": [{"names": ["a/b:1"]}], "conditions": [{"type": "Ready", "status": "True"}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata(name), "spec": spec, "status": status}


def tainted(key: str, effect: str = "NoSchedule") -> dict[str, Any]:
    return node(taints=[{"key": "dedicated", "effect": "NoSchedule"}, {"key": key, "effect": effect}])


CASES = [
    pytest.param(node(), False, id="one that serves"),
    pytest.param(node(unschedulable=True), True, id="a cordoned one"),
    pytest.param(tainted("ToBeDeletedByClusterAutoscaler"), True, id="the cluster autoscaler removes it"),
    pytest.param(tainted("karpenter.sh/disrupted"), True, id="Karpenter removes it"),
    pytest.param(tainted("karpenter.sh/disruption"), True, id="Karpenter before 1.0 removes it"),
    pytest.param(
        tainted("DeletionCandidateOfClusterAutoscaler", "PreferNoSchedule"),
        False,
        id="the cluster autoscaler thinks of removing it",
    ),
    pytest.param(
        tainted("node.kubernetes.io/not-ready"), False, id="one that does not answer: nobody can prove anything"
    ),
    pytest.param({"kind": "Node", "metadata": {"name": "n"}}, False, id="one that has no spec yet"),
]


@pytest.mark.parametrize(("seen", "want"), CASES)
def test_is_leaving(seen: dict[str, Any], want: bool) -> None:
    assert is_leaving(seen) is want
    assert is_leaving(trimmed(seen)) is want


def test_little_is_kept_of_a_node_and_the_store_knows_those_that_go() -> None:
    store = Store()
    store.put(trim(node("a", unschedulable=True, podCIDR="10.0.0.0/24")))
    store.put(trim(node("b")))
    assert store.leaving_nodes() == {"a": False}
    (kept,) = [one for one in store.all("Node") if one["metadata"]["name"] == "a"]
    assert kept["spec"] == {"unschedulable": True}
    assert "status" not in kept
    store.put(trim(node("a")))
    assert store.leaving_nodes() == {}
