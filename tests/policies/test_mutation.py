"""What the engine writes into objects, and that writing it twice is writing it once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import MemorySnapshot, decide, mutation
from tests.policies.objects import Object, cluster_policy, facts, policy, pool, queue


def patched(new: Object, *world: Object, old: Object | None = None) -> tuple[list[Any], Object]:
    """(the operations, the object they give), applied by the library and by the engine itself."""
    operations = [dict(operation) for operation in decide(facts(new, *world, old=old)).patch]
    by_library: Object = jsonpatch.JsonPatch(operations).apply(new)
    assert mutation.patched(new, operations) == by_library
    return operations, by_library


TEAM = policy(defaults={"labels": {"team": "media", "acme.io/cost": "x"}})


@pytest.mark.parametrize(
    ("metadata", "want_operations"),
    [
        pytest.param(
            {},
            [{"op": "add", "path": "/metadata/labels", "value": {"team": "media", "acme.io/cost": "x"}}],
            id="no labels at all: the parent is added",
        ),
        pytest.param(
            {"labels": {}},
            [
                {"op": "add", "path": "/metadata/labels/acme.io~1cost", "value": "x"},
                {"op": "add", "path": "/metadata/labels/team", "value": "media"},
            ],
            id="keys are escaped",
        ),
        pytest.param(
            {"labels": {"team": "mine"}},
            [{"op": "add", "path": "/metadata/labels/acme.io~1cost", "value": "x"}],
            id="a label that is set stays",
        ),
        pytest.param(
            {"labels": None},
            [{"op": "add", "path": "/metadata/labels", "value": {"team": "media", "acme.io/cost": "x"}}],
            id="null labels are none",
        ),
        pytest.param({"labels": "nonsense"}, [], id="labels of a wrong type are left to the schema"),
    ],
)
def test_labels_are_persisted(metadata: Object, want_operations: list[Object]) -> None:
    assert patched(queue(metadata=metadata), TEAM)[0] == want_operations


def test_labels_reach_objects_at_their_next_write() -> None:
    operations, _ = patched(queue(retry={"maxRetries": 1}), TEAM, old=queue())
    assert [operation["path"] for operation in operations] == ["/metadata/labels"]


def test_a_defaulted_label_satisfies_the_policy_that_requires_it() -> None:
    wanting = cluster_policy(requiredLabels=[{"key": "team"}])
    assert decide(facts(queue(), TEAM, wanting)).allowed
    assert not decide(facts(queue(), TEAM, wanting, final=True)).allowed


def test_the_stronger_policy_gives_the_label() -> None:
    weaker = cluster_policy(defaults={"labels": {"team": "everyone", "cost": "shared"}})
    _, made = patched(queue(), TEAM, weaker)
    assert made["metadata"]["labels"] == {"team": "media", "acme.io/cost": "x", "cost": "shared"}


@pytest.mark.parametrize(
    ("new", "defaults", "want_values"),
    [
        pytest.param(
            queue(),
            {"retry": {"maxRetries": 5, "backoff": {"max": "5m"}}},
            [{"op": "add", "path": "/spec/retry", "value": {"maxRetries": 5, "backoff": {"max": "5m"}}}],
            id="a group that is absent is added whole",
        ),
        pytest.param(
            queue(retry={"backoff": {"initial": "2s"}}),
            {"retry": {"maxRetries": 5, "backoff": {"max": "5m", "initial": "1s"}}},
            [
                {"op": "add", "path": "/spec/retry/maxRetries", "value": 5},
                {"op": "add", "path": "/spec/retry/backoff/max", "value": "5m"},
            ],
            id="only leaves that are unset",
        ),
        pytest.param(
            pool(scaling={"maxReplicas": 3}),
            {"scaling": {"minReplicas": 5}, "drain": {"timeout": "5m"}},
            [
                {"op": "add", "path": "/spec/drain", "value": {"timeout": "5m"}},
                {"op": "add", "path": "/spec/scaling/minReplicas", "value": 3},
            ],
            id="a default minimum never exceeds the object's maximum",
        ),
        pytest.param(
            queue(retry={"backoff": {"initial": "2m"}}),
            {"retry": {"backoff": {"max": "1m"}}},
            [{"op": "add", "path": "/spec/retry/backoff/max", "value": "2m"}],
            id="nor does a default longest wait fall below the object's first",
        ),
        pytest.param(
            pool(template={"spec": {}}),
            {"resources": {"limits": {"cpu": "1"}}},
            [],
            id="resources of a pool with a template stay inherited",
        ),
        pytest.param(
            queue(retry="nonsense"), {"retry": {"maxRetries": 5}}, [], id="a wrong type is left to the schema"
        ),
    ],
)
def test_persist_writes_unset_defaults(new: Object, defaults: Object, want_values: list[Object]) -> None:
    persisting = policy(defaulting="Persist", defaults=defaults)
    assert patched(new, persisting)[0] == want_values
    assert patched(new, policy(defaults=defaults))[0] == [], "Inherit writes nothing"
    assert patched({**new, "spec": {**new["spec"], "paused": True}}, persisting, old=new)[0] == [], "only new objects"


def test_a_leaf_that_an_inheriting_policy_decides_is_not_persisted_from_a_weaker_one() -> None:
    stronger = policy(defaults={"retry": {"maxRetries": 5}})
    weaker = cluster_policy(defaulting="Persist", defaults={"retry": {"maxRetries": 7, "backoff": {"max": "1m"}}})
    _, made = patched(queue(), stronger, weaker)
    assert made["spec"]["retry"] == {"backoff": {"max": "1m"}}


label_maps = st.dictionaries(st.sampled_from(["team", "a/b", "x~y", "z"]), st.sampled_from(["1", "2"]), max_size=4)
groups = st.fixed_dictionaries(
    {},
    optional={
        "retry": st.fixed_dictionaries(
            {}, optional={"maxRetries": st.integers(0, 9), "backoff": st.just({"max": "1m", "initial": "1s"})}
        ),
        "retention": st.fixed_dictionaries({}, optional={"failed": st.just("1h"), "maxJobs": st.integers(1, 9)}),
        "scaling": st.fixed_dictionaries({}, optional={"minReplicas": st.integers(0, 20)}),
        "drain": st.fixed_dictionaries({}, optional={"timeout": st.just("5m"), "method": st.just("Signal")}),
        "labels": label_maps,
    },
)
policies = st.lists(
    st.builds(
        lambda kind, name, persist, defaults: kind(name, defaulting=persist, defaults=defaults),
        st.sampled_from([policy, cluster_policy]),
        st.sampled_from(["p", "q"]),
        st.sampled_from(["Persist", "Inherit"]),
        groups,
    ),
    max_size=4,
)
makers: list[Callable[..., Object]] = [pool, queue]
objects = st.builds(
    lambda make, own, labels: make(metadata={} if labels is None else {"labels": labels}, **own),
    st.sampled_from(makers),
    st.fixed_dictionaries(
        {}, optional={"retry": st.just({"maxRetries": 1}), "drain": st.just({}), "scaling": st.none()}
    ),
    st.none() | label_maps,
)


@given(objects, policies)
def test_a_patch_applies_and_applying_it_twice_is_applying_it_once(new: Object, world: list[Object]) -> None:
    before = json.dumps(new)
    operations, once = patched(new, *world)
    assert json.dumps(new) == before, "the request's object is not changed in place"
    assert patched(once, *world)[0] == []
    assert jsonpatch.JsonPatch(operations).apply(once) == once
    for path, value in _leaves(new):
        assert _at(once, path) == value, "what was set stays"


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if not isinstance(tree, dict):
        return [(path, tree)]
    return [leaf for key, value in tree.items() for leaf in _leaves(value, (*path, key))]


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def test_the_snapshot_is_not_changed_by_a_decision() -> None:
    snapshot = MemorySnapshot.of([TEAM])
    before = json.dumps([dict(view.spec) for view in snapshot.policies("media")])
    decide(facts(queue(metadata={"labels": {}}), TEAM))
    assert json.dumps([dict(view.spec) for view in snapshot.policies("media")]) == before
