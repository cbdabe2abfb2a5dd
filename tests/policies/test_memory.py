"""The snapshot: what goes in comes out by namespace and name, and nothing more of it is kept than rules ask for."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from policies import MemorySnapshot
from policies.projection import MAX_LABELS, trimmed
from policies.snapshot import MOST_KEPT, Policies
from tests.policies.objects import Object, cluster_policy, namespace, obj, policy, pool, queue


def test_policies_come_strongest_first() -> None:
    snapshot = MemorySnapshot.of([cluster_policy("a"), policy("z"), policy("b"), cluster_policy("c")])
    assert [view.name for view in snapshot.policies("media")] == ["b", "z", "a", "c"]
    assert [view.name for view in snapshot.policies("elsewhere")] == ["a", "c"]


def test_namespaces_that_nobody_knows_take_no_memory() -> None:
    snapshot = MemorySnapshot.of([policy(), cluster_policy()])
    assert snapshot.policies("made-up-1") is snapshot.policies("made-up-2")


def test_a_changed_policy_takes_the_place_of_the_old_one() -> None:
    snapshot = MemorySnapshot.of([policy()])
    before = snapshot.policies("media")
    snapshot.put("Policy", policy(action="Warn"))
    assert [view.spec["action"] for view in snapshot.policies("media")] == ["Warn"]
    assert [view.spec["action"] for view in before] == ["Deny"], "a decision under way keeps what it started with"


def test_removing_is_forgetting_also_twice() -> None:
    snapshot = MemorySnapshot.of([queue(), pool(), policy(), cluster_policy(), namespace(env="prod")])
    for kind, gone in [
        ("Queue", queue()),
        ("WorkerPool", pool()),
        ("Policy", policy()),
        ("ClusterPolicy", cluster_policy()),
    ]:
        snapshot.remove(kind, gone)
        snapshot.remove(kind, gone)
    snapshot.remove("Namespace", namespace())
    assert len(snapshot) == 0
    assert (snapshot.queues("media"), snapshot.pools("media"), list(snapshot.policies("media"))) == ({}, {}, [])
    assert snapshot.namespace_labels("media") == {"kubernetes.io/metadata.name": "media"}


def test_a_new_list_replaces_one_kind_and_leaves_the_others() -> None:
    snapshot = MemorySnapshot.of([queue("a"), pool("a"), policy("a"), cluster_policy("a")])
    snapshot.replace("Queue", [queue("b")])
    snapshot.replace("Policy", [policy("b")])
    assert list(snapshot.queues("media")) == ["b"]
    assert list(snapshot.pools("media")) == ["a"]
    assert [(view.kind, view.name) for view in snapshot.policies("media")] == [("Policy", "b"), ("ClusterPolicy", "a")]
    snapshot.replace("ClusterPolicy", [])
    assert [view.name for view in snapshot.policies("media")] == ["b"]


def test_other_kinds_are_ignored() -> None:
    assert len(MemorySnapshot.of([obj("Deployment", "x", {})])) == 0


def test_the_views_of_large_objects_are_small() -> None:
    heavy = {f"label-{number}": "v" * 60 for number in range(1000)}
    template = {
        "spec": {"containers": [{"name": "worker", "env": [{"name": f"E{n}", "value": "x" * 99} for n in range(99)]}]}
    }
    big = pool(template=template, metadata={"labels": heavy, "annotations": {"a": "x" * 10_000}})
    view = MemorySnapshot.of([big]).pools("media")["thumbnails"]
    assert len(view.labels) == MAX_LABELS
    assert len(json.dumps({**asdict(view), "labels": {}})) < 1024


@pytest.mark.parametrize(
    "obj",
    [
        queue(queueName="q", maxJobDuration="1h", rateLimit={"jobs": 1, "per": "1s"}, deadLetter={"alertAbove": 1}),
        queue(layout="Celery", paused=True, retry={"maxRetries": 1}, metadata={"labels": {"a": "b"}}),
        queue(broker={"rabbitmq": {"url": "amqp://a"}}),
        queue(broker={}),
        pool(hold={"replicas": 3}, concurrency=2, scaling={"maxReplicas": 3, "fallback": {"replicas": 1}}),
        pool(queues=("a", "b"), metadata={"labels": {"a": "b"}}, env=[{"name": "A", "value": "x" * 5000}]),
        policy(limits={"maxReplicasPerPool": 1}),
        namespace(env="prod"),
    ],
)
def test_a_trimmed_object_has_the_same_view(obj: Object) -> None:
    slim = trimmed(obj["kind"], obj)
    assert len(json.dumps(slim)) < 600
    whole, little = MemorySnapshot(), MemorySnapshot()
    whole.put(obj["kind"], obj)
    little.put(obj["kind"], slim)
    for ask in (MemorySnapshot.queues, MemorySnapshot.pools, MemorySnapshot.namespace_labels):
        assert ask(whole, "media") == ask(little, "media")
    seen = [[asdict(view) for view in snapshot.policies("media")] for snapshot in (whole, little)]
    assert seen[0] == seen[1]


def test_views_hold_what_rules_ask_of_other_objects() -> None:
    snapshot = MemorySnapshot.of([queue(queueName="q:1", maxJobDuration="1h"), pool(hold={"replicas": 3})])
    view = snapshot.queues("media")["thumbnails"]
    assert (view.queue_name, view.broker, view.spec["layout"], view.spec["maxJobDuration"]) == (
        "q:1",
        "redis",
        "List",
        "1h",
    )
    held = snapshot.pools("media")["thumbnails"]
    assert (held.queues, held.spec["hold"], held.spec["scaling"]) == (
        ("thumbnails",),
        {"replicas": 3},
        {"maxReplicas": 10},
    )


def test_what_is_worked_out_from_policies_goes_with_the_first_change() -> None:
    snapshot = MemorySnapshot.of([policy("a"), policy("b")])
    before = snapshot.policies("media")
    before.keep("what", "an answer")
    assert snapshot.policies("media").kept("what") == "an answer"
    snapshot.put("Policy", policy("c"))
    assert snapshot.policies("media").kept("what") is None


def test_no_more_is_kept_than_fits_whatever_it_is_asked() -> None:
    policies = Policies()
    for number in range(3 * MOST_KEPT):
        policies.keep(number, number)
    assert policies.kept(3 * MOST_KEPT - 1) is not None
    assert sum(policies.kept(number) is not None for number in range(3 * MOST_KEPT)) <= MOST_KEPT
