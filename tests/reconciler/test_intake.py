"""Kopf gets the objects as they are kept, and whatever else a watch or a list says as it came."""

from __future__ import annotations

from typing import Any, Final

import orjson
import pytest

from kube.client import Listing
from reconciler.intake import Trimmed
from reconciler.listed import Lists
from reconciler.store import Store
from reconciler.trimming import trim
from tests.reconciler.builders import queue

Object = dict[str, Any]
FIELDS: Final = [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}]
PATH: Final = "/pods"
POD: Final[Object] = {
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "shop", "uid": "u", "resourceVersion": "7", "managedFields": FIELDS},
    "spec": {"nodeName": "n", "volumes": [{"name": "data"}]},
}


def intake(kind: str, *held: Object, listed: list[tuple[str, Listing]] | None = None) -> Trimmed:
    store = Store()
    for obj in held:
        store.put(obj)
    found = [] if listed is None else listed
    return Trimmed(store, {PATH: kind}, Lists(lambda path, listing: found.append((path, listing))))


@pytest.mark.parametrize("what", ["ADDED", "MODIFIED", "DELETED"])
def test_an_object_is_given_as_it_is_kept(what: str) -> None:
    given = intake("Pod").line(PATH, orjson.dumps({"type": what, "object": POD}))
    assert given is not None
    assert orjson.loads(given) == {"type": what, "object": trim(POD)}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}', id="a bookmark"),
        pytest.param(b'{"type": "ERROR", "object": {"kind": "Status", "code": 410}}', id="an error"),
        pytest.param(b'{"type": "LATER", "object": {}}', id="a type that nobody knows yet"),
    ],
)
def test_what_is_no_object_is_given_as_it_came(line: bytes) -> None:
    assert intake("Pod").line(PATH, line) == line


def test_an_echo_is_not_given() -> None:
    held = queue("a", uid="uid-a")
    line = b'{"type":"MODIFIED","object":%s}' % orjson.dumps(held, option=orjson.OPT_SORT_KEYS)
    assert intake("Queue", held).line(PATH, line) is None
    assert intake("Queue").line(PATH, line) is not None


def test_a_list_of_a_built_in_kind_names_it_and_is_compared_too() -> None:
    listed: list[tuple[str, Listing]] = []
    bare = {field: value for field, value in POD.items() if field != "kind"}
    page: Object = {"kind": "PodList", "metadata": {"resourceVersion": "9"}, "items": [bare]}
    intake("Pod", listed=listed).page(PATH, True, page)
    assert page["items"] == [trim(POD)]
    assert [(path, [item["metadata"]["name"] for item in found.items]) for path, found in listed] == [(PATH, ["p"])]


def test_a_list_of_nothing_may_say_null() -> None:
    page: Object = {"metadata": {"resourceVersion": "9"}, "items": None}
    intake("Pod").page(PATH, True, page)
    assert page["items"] == []
