"""Who is woken by what."""

from __future__ import annotations

from typing import Any

from reconciler.routing import concerned
from reconciler.store import Store
from tests.reconciler.builders import pod, policy, pool, queue


def woken(store: Store, obj: dict[str, Any], before: dict[str, Any] | None = None) -> list[str]:
    return sorted(str(key) for key in concerned(store, obj, before))


def world() -> Store:
    store = Store()
    for obj in (queue("q"), queue("r"), pool("p", "q"), pool("both", "q", "r"), pool("p", "q", namespace="far")):
        store.put(obj)
    return store


def test_a_queue_wakes_itself_and_its_pools() -> None:
    assert woken(world(), queue("q")) == ["Queue shop/q", "WorkerPool shop/both", "WorkerPool shop/p"]
    assert woken(world(), queue("r")) == ["Queue shop/r", "WorkerPool shop/both"]


def test_a_queue_that_goes_wakes_its_pools_too() -> None:
    gone = queue("r")
    assert woken(world(), gone, gone) == ["Queue shop/r", "WorkerPool shop/both"]


def test_a_policy_wakes_everything_in_its_namespace() -> None:
    want = ["Policy shop/x", "Queue shop/q", "Queue shop/r", "WorkerPool shop/both", "WorkerPool shop/p"]
    assert woken(world(), policy("x")) == want


def test_a_pod_wakes_its_pool() -> None:
    assert woken(world(), pod("p-1", pool("p")), pod("p-1", pool("p"))) == ["WorkerPool shop/p"]


def test_a_pod_of_nobody_wakes_nobody() -> None:
    stray = pod("p-1", pool("p"))
    del stray["metadata"]["labels"]
    assert woken(world(), stray) == []


def test_a_change_of_status_wakes_nobody() -> None:
    assert woken(world(), queue("q", status={"waiting": 2}), queue("q", status={"waiting": 1})) == []


def test_every_other_change_of_metadata_wakes() -> None:
    before = pool("p")
    for change in (
        {"generation": 2},
        {"labels": {"a": "b"}},
        {"annotations": {"a": "b"}},
        {"finalizers": ["x"]},
        {"deletionTimestamp": "2026-01-01T00:00:00Z"},
        {"uid": "another"},
    ):
        assert woken(world(), pool("p", **change), before) == ["WorkerPool shop/p"], change


def team(**labels: str) -> dict[str, Any]:
    """The Namespace shop."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}


EVERYTHING_IN_SHOP = ["Queue shop/q", "Queue shop/r", "WorkerPool shop/both", "WorkerPool shop/p"]


def test_a_cluster_policy_wakes_everything_everywhere() -> None:
    want = ["ClusterPolicy /x", *EVERYTHING_IN_SHOP[:2], "WorkerPool far/p", *EVERYTHING_IN_SHOP[2:]]
    one = policy("x") | {"kind": "ClusterPolicy"}
    del one["metadata"]["namespace"]
    assert woken(world(), one) == sorted(want)


def test_a_namespace_wakes_what_is_in_it_when_its_labels_change() -> None:
    assert woken(world(), team(team="media"), team()) == EVERYTHING_IN_SHOP
    assert woken(world(), team(team="media"), team(team="media")) == []


def test_a_namespace_is_claimed_by_a_label_whoever_it_names() -> None:
    store = world()
    assert not store.claimed("shop"), "nobody watches namespaces in one's own"
    store.put(team() | {"metadata": {"name": "shop", "labels": {}, "resourceVersion": "1"}})
    assert not store.claimed("shop")
    store.put({"kind": "Namespace", "metadata": {"name": "shop", "labels": {"headgate.dev/install": "shop"}}})
    assert store.claimed("shop")


def node(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": spec}


def test_a_node_wakes_the_pools_of_its_workers_when_it_goes_and_when_it_stays_after_all() -> None:
    store = world()
    for name, where in (("p-1", "n"), ("p-2", "n"), ("p-3", "elsewhere")):
        store.put(pod(name, pool("p"), namespace="shop") | {"spec": {"nodeName": where}})
    assert woken(store, node(unschedulable=True), node()) == ["WorkerPool shop/p"]
    assert woken(store, node(), node(unschedulable=True)) == ["WorkerPool shop/p"]
    assert woken(store, node(unschedulable=True)) == ["WorkerPool shop/p"], "one that is seen for the first time"
    assert woken(store, node(podCIDR="10.0.0.0/24"), node()) == []
