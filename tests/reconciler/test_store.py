"""The store follows the API server, whatever the order in which it hears of it."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reconciler.keys import Key, key_of
from reconciler.store import Store
from tests.reconciler.builders import pod, pool, queue


def names(objects: list[dict[str, Any]]) -> list[str]:
    return sorted(obj["metadata"]["name"] for obj in objects)


def test_objects_are_found_by_kind_namespace_and_name() -> None:
    store = Store()
    store.put(queue("a"))
    store.put(queue("a", namespace="other", uid="other-a"))
    store.put(pool("a"))
    assert len(store) == 3
    assert names(store.all("Queue")) == ["a", "a"]
    assert len(store.all("Queue", "other")) == 1
    assert store.queue("other", "a") is not None
    assert store.pool("other", "a") is None
    assert store.keys("WorkerPool") == [Key("WorkerPool", "shop", "a")]


def test_an_older_state_never_replaces_a_newer_one() -> None:
    store = Store()
    old, new = queue("a"), queue("a")
    assert store.put(new) is None
    assert store.put(old) is old, "it is told that this was no news"
    assert store.queue("shop", "a") is new
    assert store.put(new) is new, "the same version again is no news either"


def test_versions_are_compared_as_numbers() -> None:
    store = Store()
    store.put(queue("a", resourceVersion="9"))
    newer = queue("a", resourceVersion="10")
    store.put(newer)
    assert store.queue("shop", "a") is newer


def test_what_was_removed_does_not_come_back_but_its_successor_does() -> None:
    store = Store()
    first = queue("a")
    late = queue("a")
    store.put(first)
    assert store.remove(first)
    store.put(late)
    assert store.queue("shop", "a") is None, "a late answer to a write"
    second = queue("a", uid="second")
    store.put(second)
    assert not store.remove(first), "the end of the first is not the end of the second"
    assert store.queue("shop", "a") is second


def test_look_ups_follow_changes() -> None:
    store = Store()
    reports = pool("reports", "q", "r", "q")
    store.put(reports)
    store.put(pod("reports-1", reports))
    assert names(store.pools_of_queue("shop", "q")) == names(store.pools_of_queue("shop", "r")) == ["reports"]
    assert names(store.pods_of_pool("uid-reports")) == ["reports-1"]
    store.put(pool("reports", "r"))
    assert store.pools_of_queue("shop", "q") == []
    assert names(store.pools_of_queue("shop", "r")) == ["reports"]
    assert store.pools_of_queue("other", "r") == []
    orphan = pod("reports-1", reports)
    del orphan["metadata"]["labels"]
    store.put(orphan)
    assert store.pods_of_pool("uid-reports") == []


class Against(RuleBasedStateMachine):
    """The store beside the plainest thing that could be right: a dictionary that is searched."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.plain: dict[Key, dict[str, Any]] = {}
        self.gone: set[str] = set()

    @rule(name=st.sampled_from("abc"), queues=st.lists(st.sampled_from("xyz"), min_size=1), uid=st.integers(0, 2))
    def put(self, name: str, queues: list[str], uid: int) -> None:
        obj = pool(name, *queues, uid=f"{name}{uid}")
        self.store.put(copy.deepcopy(obj))
        if obj["metadata"]["uid"] not in self.gone:
            self.plain[key_of(obj)] = obj

    @rule(name=st.sampled_from("abc"))
    def remove(self, name: str) -> None:
        obj = self.plain.pop(Key("WorkerPool", "shop", name), None)
        if obj is not None:
            self.gone.add(obj["metadata"]["uid"])
            assert self.store.remove(obj)

    @invariant()
    def they_agree(self) -> None:
        assert len(self.store) == len(self.plain)
        for word in "xyz":
            want = [obj for obj in self.plain.values() if {"name": word} in obj["spec"]["queues"]]
            assert names(self.store.pools_of_queue("shop", word)) == names(want)


TestAgainst = Against.TestCase


@given(st.permutations(range(6)))
def test_any_order_of_arrival_ends_in_the_newest_state(order: list[int]) -> None:
    states = [pool("a", f"q{i}") for i in range(6)]
    store = Store()
    for i in order:
        store.put(states[i])
    assert store.pool("shop", "a") is states[-1]
    assert names(store.pools_of_queue("shop", "q5")) == ["a"]
    assert not any(store.pools_of_queue("shop", f"q{i}") for i in range(5))
