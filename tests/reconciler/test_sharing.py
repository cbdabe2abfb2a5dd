"""What is held equals what came, and the same words are held once."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kube.client import Object
from reconciler.sharing import share
from reconciler.store import Store
from tests.reconciler.builders import applied, queue

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_nothing_that_can_be_read_changes(value: Any) -> None:
    before = deepcopy(value)
    after = share(value)
    assert after == before
    assert repr(after) == repr(before), "the order of fields stays too"


def seen(name: str, version: str) -> Object:
    obj = applied(queue(name), "".join(["sh", "op"]))
    obj["metadata"] |= {"uid": "".join(["uid-", name]), "resourceVersion": version}
    return obj


def test_two_objects_hold_their_common_words_once() -> None:
    store = Store()
    for name in ("a", "b"):
        store.put(seen(name, "1"))
    one, other = (store.queue("shop", name) for name in ("a", "b"))
    assert one is not None
    assert other is not None
    assert one["metadata"]["namespace"] is other["metadata"]["namespace"]
