"""What stands between the store and a list of the API server."""

from __future__ import annotations

import asyncio
from typing import Any

from kube.client import Client, Listing
from reconciler.keys import Key
from reconciler.listed import Lists, compare
from reconciler.status import RESOURCES
from reconciler.store import Store
from reconciler.sync import Synchroniser
from reconciler.watching import Watched
from tests.reconciler.builders import applied, queue
from tests.waiting import eventually


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


def test_the_same_name_in_two_namespaces_is_two_objects() -> None:
    here, there = queue("a"), queue("a", namespace="far")
    everywhere = compare(held(here), "Queue", None, listing(here, there))
    assert (list(everywhere.missing), everywhere.ghosts) == ([Key("Queue", "far", "a")], ())


def test_a_predecessor_under_the_same_name_is_a_ghost() -> None:
    first = queue("a")
    second = queue("a", uid="second")
    assert ghosts(held(first), listing(second)) == ["uid-a"]
    assert missing(held(first), listing(second)) == [Key("Queue", "shop", "a")]


def test_other_namespaces_are_left_alone() -> None:
    far = queue("a", namespace="far")
    assert ghosts(held(far), listing(queue("b"))) == []


def test_what_was_deleted_after_the_list_is_not_missing() -> None:
    deleted = queue("a")
    store = held(deleted)
    store.remove(deleted)
    assert missing(store, listing(deleted)) == []
    assert missing(store, listing(queue("a", uid="second"))) == [Key("Queue", "shop", "a")]


def page(*objects: dict[str, Any], more: str = "") -> dict[str, Any]:
    return {"items": list(objects), "metadata": {"resourceVersion": "70", "continue": more}}


def names(heard: list[tuple[str, Listing]]) -> list[tuple[str, list[str], str]]:
    return [(path, [one["metadata"]["name"] for one in there.items], there.resource_version) for path, there in heard]


def test_pages_of_a_list_are_put_together() -> None:
    heard: list[tuple[str, Listing]] = []
    lists = Lists(lambda path, there: heard.append((path, there)))
    lists.page("/queues", True, page(queue("a"), more="token"))
    lists.page("/pools", True, page())
    assert names(heard) == [("/pools", [], "70")]
    lists.page("/queues", False, page(queue("b")))
    assert names(heard)[1:] == [("/queues", ["a", "b"], "70")]


def test_a_list_that_is_begun_anew_forgets_its_first_pages() -> None:
    heard: list[tuple[str, Listing]] = []
    lists = Lists(lambda path, there: heard.append((path, there)))
    lists.page("/queues", True, page(queue("gone"), more="token"))
    lists.page("/queues", True, page(queue("a")))
    lists.page("/queues", False, page(queue("b")))
    assert names(heard) == [("/queues", ["a"], "70")], "nobody knows what a page without a first one belongs to"


QUEUES = RESOURCES["Queue"]


async def test_the_store_is_complete_when_the_watch_brought_what_is_there(client: Client, namespace: str) -> None:
    stays = await client.create(QUEUES, applied(queue("stays"), namespace))
    goes = await client.create(QUEUES, applied(queue("goes"), namespace))
    await client.delete(QUEUES, "goes", namespace)
    store = held(goes)
    synchroniser = Synchroniser(client, store, namespace, lambda obj: assert_true(store.remove(obj)), patience=0.2)
    running = asyncio.create_task(synchroniser.run([Watched(QUEUES)]))

    async def lagging() -> dict[str, tuple[Key, ...]]:
        return synchroniser.lagging

    await eventually("it is noticed", lagging, lambda seen: seen == {"Queue": (Key("Queue", namespace, "stays"),)})
    assert store.queue(namespace, "goes") is None, "what was deleted unseen is removed"
    assert not synchroniser.synced.is_set()
    store.put(stays)
    async with asyncio.timeout(10):
        await synchroniser.synced.wait()
    assert synchroniser.lagging == {}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_kopf_has_listed_is_not_listed_again(client: Client) -> None:
    deleted, stays = queue("a"), queue("b")
    store = held(deleted, stays)
    synchroniser = Synchroniser(client, store, "shop", lambda obj: assert_true(store.remove(obj)))
    asked = client.requests
    running = asyncio.create_task(synchroniser.run([Watched(QUEUES)]))
    synchroniser.listed(QUEUES.path("shop"), listing(stays))
    async with asyncio.timeout(10):
        await synchroniser.synced.wait()
    assert (store.queue("shop", "a"), client.requests - asked) == (None, 0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def assert_true(value: bool) -> None:
    assert value
