"""What stands between the store and a list of the API server."""

from __future__ import annotations

from typing import Any

from kube.client import Listing
from reconciler.keys import Key
from reconciler.store import Store
from reconciler.sync import compare
from tests.reconciler.builders import queue


def listing(*objects: dict[str, Any]) -> Listing:
    versions = [int(obj["metadata"]["resourceVersion"]) for obj in objects]
    return Listing(objects, str(max(versions, default=0)))


def held(*objects: dict[str, Any]) -> Store:
    store = Store()
    for obj in objects:
        store.put(obj)
    return store


def missing(store: Store, there: Listing) -> list[Key]:
    return list(compare(store, "Queue", "shop", there).missing)


def ghosts(store: Store, there: Listing) -> list[str]:
    return [ghost["metadata"]["uid"] for ghost in compare(store, "Queue", "shop", there).ghosts]


def test_what_is_held_as_listed_is_neither() -> None:
    one = queue("a")
    assert (missing(held(one), listing(one)), ghosts(held(one), listing(one))) == ([], [])


def test_what_is_unknown_or_older_is_missing() -> None:
    old, new, unknown = queue("a"), queue("a"), queue("b")
    assert missing(held(old), listing(new, unknown)) == [Key("Queue", "shop", "a"), Key("Queue", "shop", "b")]


def test_a_newer_state_than_the_listed_one_is_fine() -> None:
    old, new = queue("a"), queue("a")
    assert missing(held(new), listing(old)) == []


def test_what_was_deleted_unseen_is_a_ghost() -> None:
    deleted, stays = queue("a"), queue("b")
    assert ghosts(held(deleted, stays), listing(stays)) == ["uid-a"]


def test_what_was_made_after_the_list_is_no_ghost() -> None:
    there = listing(queue("a"))
    assert ghosts(held(queue("b")), there) == []


def test_a_predecessor_under_the_same_name_is_a_ghost() -> None:
    first = queue("a")
    second = queue("a", uid="second")
    assert ghosts(held(first), listing(second)) == ["uid-a"]
    assert missing(held(first), listing(second)) == [Key("Queue", "shop", "a")]


def test_other_namespaces_are_left_alone() -> None:
    far = queue("a", namespace="far")
    assert ghosts(held(far), listing(queue("b"))) == []
