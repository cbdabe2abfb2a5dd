"""The quick yes: whenever it is said, the close look finds nothing; and it is said to what API servers send."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crds import meta
from crds.compiling import root
from crds.quick import fine
from crds.validation import closely
from tests.crds import generators, seeds

KINDS: Final = tuple(kind.kind for kind in meta.KINDS)
THOROUGH: Final = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))

JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def stored(kind: str, obj: Any) -> Any:
    """The object as the API server hands it on: nulls dropped, defaults filled in."""
    decoded = root(kind).decoded(obj)
    return {**decoded, "metadata": obj["metadata"]}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_fine_is_known_at_once(kind: str) -> None:
    for seed in seeds.BY_KIND[kind]:
        new = stored(kind, seed)
        assert fine(kind, new), seed
        assert fine(kind, new, new), seed


@pytest.mark.parametrize("kind", KINDS)
@THOROUGH
@given(data=st.data())
def test_a_new_object_that_is_fine_has_no_findings(kind: str, data: st.DataObject) -> None:
    obj = data.draw(generators.edited(kind))
    for each in (obj, stored(kind, obj) if isinstance(obj.get("spec"), dict) else obj):
        if fine(kind, each):
            assert closely(kind, each) == ()


@pytest.mark.parametrize("kind", KINDS)
@THOROUGH
@given(data=st.data())
def test_a_changed_object_that_is_fine_has_no_findings(kind: str, data: st.DataObject) -> None:
    old = data.draw(generators.edited(kind))
    new = data.draw(generators.edits_of(kind, old))
    for one, other in ((new, old), (stored(kind, new), stored(kind, old))):
        if fine(kind, one, other):
            assert closely(kind, one, other) == ()


@pytest.mark.parametrize("kind", KINDS)
@THOROUGH
@given(obj=JSON, old=JSON)
def test_no_json_makes_it_raise(kind: str, obj: Any, old: Any) -> None:
    named = {"metadata": {"name": "a"}, "spec": {"broker": obj, "queues": obj, "action": obj}}
    for each in (obj, {"spec": obj}, {"metadata": obj}, named):
        for before in (None, old, {"spec": old}, {"metadata": old, "spec": {"broker": old, "workload": old}}):
            if fine(kind, each, before):
                assert closely(kind, each, before) == ()


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "a", "labels": {"-": "x"}},
        {"name": "a", "labels": {"a": "-"}},
        {"name": "a", "labels": {"a": 1}},
        {"name": "a", "annotations": {"a/b/c": "x"}},
        {"name": "a", "annotations": []},
        {"name": "a" * 64},
        {"name": ""},
        {"generateName": "a-"},
        {},
    ],
)
def test_metadata_is_looked_at(metadata: Any) -> None:
    assert not fine("Queue", {**stored("Queue", seeds.BY_KIND["Queue"][0]), "metadata": metadata})
