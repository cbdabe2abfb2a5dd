"""What is held equals what came, and equal parts are held once."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube.client import Object
from reconciler.sharing import LONGEST, Sharing
from reconciler.store import Store
from tests.reconciler.builders import applied, queue

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_nothing_that_can_be_read_changes(value: Any) -> None:
    sharing = Sharing(most=3)
    # Twice, so that the second is made of what is known of the first.
    for before in (deepcopy(value), deepcopy([value, {"more": value}])):
        after = sharing.share(deepcopy(before))
        assert after == before
        assert repr(after) == repr(before), "the order of fields and the types stay too"


@pytest.mark.parametrize(
    ("one", "other"),
    [({"a": 1}, {"a": True}), ({"a": 1}, {"a": 1.0}), ({"a": 0.0}, {"a": -0.0}), ({"a": 1, "b": 2}, {"b": 2, "a": 1})],
)
def test_what_only_compares_equal_is_not_the_same(one: Any, other: Any) -> None:
    sharing = Sharing()
    sharing.share(one)
    assert repr(sharing.share(deepcopy(other))) == repr(other)


def volumes() -> Object:
    return {"volumes": [{"name": "data", "mode": 420, "note": " ".join(["long"] * 30), "empty": {}}]}


def test_equal_parts_are_one() -> None:
    sharing = Sharing()
    one, other = sharing.share(volumes()), sharing.share({"another": volumes()})
    assert other["another"] is one


@pytest.mark.parametrize(("length", "want"), [(LONGEST, True), (LONGEST + 1, False)])
def test_a_long_text_is_not_looked_for(length: int, *, want: bool) -> None:
    sharing = Sharing()
    one, other = (sharing.share("".join(["x"] * length)) for _ in range(2))
    assert (one is other) is want


def test_what_was_seen_long_ago_is_forgotten() -> None:
    sharing = Sharing(most=100)
    first = sharing.share(volumes())
    for number in range(1000):
        sharing.share({"number": number})
    assert sharing.share(volumes()) is not first


def seen(name: str, version: str) -> Object:
    obj = applied(queue(name), "".join(["sh", "op"]))
    obj["metadata"] |= {"uid": "".join(["uid-", name]), "resourceVersion": version}
    return obj


def test_two_objects_hold_their_common_words_and_parts_once() -> None:
    store = Store()
    for name in ("a", "b"):
        store.put({**seen(name, "1"), "status": volumes()})
    one, other = (store.queue("shop", name) for name in ("a", "b"))
    assert one is not None
    assert other is not None
    assert one["metadata"]["namespace"] is other["metadata"]["namespace"]
    assert one["status"]["volumes"] is other["status"]["volumes"]
