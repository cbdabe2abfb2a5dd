"""Inheritance: spec over Policy over ClusterPolicy over built-in, leaf by leaf."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import MemorySnapshot, effective
from policies.merging import Layer, merge
from policies.snapshot import PolicyView
from tests.policies.objects import NAMESPACE, Object, cluster_policy, policy, pool, queue


def views(*objects: Object) -> list[PolicyView]:
    return list(MemorySnapshot.of(objects).policies(NAMESPACE))


def test_each_leaf_comes_from_the_strongest_that_sets_it() -> None:
    found = effective.queue(
        queue(retry={"maxRetries": 9})["spec"],
        views(
            policy("a", defaults={"retry": {"maxRetries": 5, "backoff": {"max": "5m"}}}),
            cluster_policy(defaults={"retry": {"backoff": {"max": "1h", "initial": "2s"}}}),
        ),
    )
    assert {path: (value, origin) for path, value, origin in found.leaves() if path.startswith("retry")} == {
        "retry.maxRetries": (9, "spec"),
        "retry.backoff.max": ("5m", "Policy a"),
        "retry.backoff.initial": ("2s", "ClusterPolicy guardrails"),
        "retry.backoff.multiplier": ("2", "built-in"),
        "retry.backoff.jitterPercent": (20, "built-in"),
    }


def test_equals_are_asked_in_the_order_of_their_names() -> None:
    twice = [policy("b", defaults={"retry": {"maxRetries": 2}}), policy("a", defaults={"retry": {"maxRetries": 1}})]
    assert effective.queue({}, views(*twice)).get("retry.maxRetries") == 1


@pytest.mark.parametrize(
    ("spec", "defaults", "path", "want_value"),
    [
        pytest.param({}, {}, "circuitBreaker", None, id="no breaker unless somebody asks for one"),
        pytest.param({"circuitBreaker": {"failurePercent": 50}}, {}, "circuitBreaker.window", "1m", id="a breaker"),
        pytest.param({"rateLimit": {"jobs": 7, "per": "1s"}}, {}, "rateLimit.burst", 7, id="burst is the rate's jobs"),
        pytest.param({}, {}, "rateLimit", None, id="no rate limit unless somebody asks for one"),
        pytest.param({}, {}, "drainTimeout", "30m", id="how long a queue drains"),
        pytest.param({"deadLetter": {"queueName": "d"}}, {}, "deadLetter.deletionPolicy", "Retain", id="observed"),
        pytest.param(
            {"deadLetter": {"queueName": "d"}, "management": "Manage"},
            {},
            "deadLetter.deletionPolicy",
            "Block",
            id="managed",
        ),
        pytest.param(
            {"management": "Manage", **queue()["spec"]}, {}, "deadLetter.deletionPolicy", "Block", id="its own place"
        ),
        pytest.param(
            {"management": "Manage", **queue(layout="Celery")["spec"], "deadLetter": {"queueName": "d"}},
            {},
            "deadLetter.deletionPolicy",
            None,
            id="no dead letters that could be blocked for",
        ),
        pytest.param(
            {"retry": {"backoff": {"initial": "2m"}}},
            {},
            "retry.backoff.max",
            "2m",
            id="an inherited longest wait gives way to the object's first",
        ),
        pytest.param(
            {"retry": {"backoff": {"max": "1s"}}},
            {"retry": {"backoff": {"initial": "5s"}}},
            "retry.backoff.initial",
            "1s",
            id="an inherited first wait gives way to the object's longest",
        ),
        pytest.param({}, {"retention": {"failed": "1h"}}, "retention.failed", "1h", id="retention is inherited"),
    ],
)
def test_effective_queues(spec: Object, defaults: Object, path: str, want_value: Any) -> None:
    assert effective.queue(spec, views(policy(defaults=defaults))).get(path) == want_value


@pytest.mark.parametrize(
    ("spec", "queues", "defaults", "path", "want_value"),
    [
        pytest.param({}, [], {}, "drain.timeout", "10m", id="10 minutes where no queue says"),
        pytest.param(
            {},
            [{"maxJobDuration": "90m"}, {"maxJobDuration": "2m"}, {}],
            {},
            "drain.timeout",
            "1h31m",
            id="the longest job and a minute",
        ),
        pytest.param({}, [{"maxJobDuration": "?"}], {}, "drain.timeout", "10m", id="nonsense counts as nothing said"),
        pytest.param({}, [{"maxJobDuration": "1h"}], {"drain": {"timeout": "5m"}}, "drain.timeout", "5m", id="drain"),
        pytest.param({"concurrency": 4}, [], {}, "maxInFlight", 4, id="in flight is the concurrency"),
        pytest.param({"concurrency": 4}, [], {}, "scaling.jobsPerReplica", 4, id="so is what a replica is counted for"),
        pytest.param({}, [], {}, "scaling.minReplicas", 1, id="one replica at least"),
        pytest.param({}, [], {"scaling": {"minReplicas": 5}}, "scaling.minReplicas", 3, id="held at the maximum"),
        pytest.param(
            {"scaling": {"minReplicas": 0, "maxReplicas": 3}},
            [],
            {"scaling": {"minReplicas": 5}},
            "scaling.minReplicas",
            0,
            id="zero is a value",
        ),
        pytest.param(
            {"rollout": {"maxSurge": 0}},
            [],
            {},
            "rollout.maxUnavailable",
            1,
            id="something can always be replaced",
        ),
        pytest.param(
            {"rollout": {"maxUnavailable": "0%"}},
            [],
            {"rollout": {"maxSurge": 0}},
            "rollout.maxSurge",
            1,
            id="also where the policy forbids surge",
        ),
        pytest.param({}, [], {}, "rollout.progressDeadline", "10m", id="10 minutes to make progress"),
        pytest.param(
            {"scaling": {"maxReplicas": 3, "startupTime": "6m"}},
            [],
            {},
            "rollout.progressDeadline",
            "18m",
            id="three start-ups where they are slow",
        ),
        pytest.param({}, [], {}, "scaling.wait", None, id="no wait target, no percentile"),
        pytest.param(
            {"scaling": {"maxReplicas": 3, "wait": {"target": "1m"}}},
            [],
            {},
            "scaling.wait.percentile",
            95,
            id="p95",
        ),
        pytest.param({}, [], {"resources": {"limits": {"cpu": "1"}}}, "resources.limits.cpu", "1", id="resources"),
        pytest.param(
            {"template": {"spec": {"containers": [{"name": "worker", "resources": {"limits": {"cpu": "2"}}}]}}},
            [],
            {"resources": {"limits": {"cpu": "1"}}},
            "resources.limits.cpu",
            "2",
            id="resources of the template",
        ),
        pytest.param({}, [], {"securityContext": {"runAsUser": 7}}, "securityContext.runAsUser", 7, id="security"),
    ],
)
def test_effective_pools(spec: Object, queues: list[Object], defaults: Object, path: str, want_value: Any) -> None:
    whole = {**pool(scaling={"maxReplicas": 3})["spec"], **spec}
    assert effective.pool(whole, queues, views(policy(defaults=defaults))).get(path) == want_value


GROUPS = (
    "concurrency",
    "maxInFlight",
    "scaling",
    "drain",
    "rollout",
    "resources",
    "securityContext",
    "priority",
    "image",
)
NUMBERS = st.integers(0, 9)
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "concurrency": NUMBERS,
        "maxInFlight": NUMBERS,
        "image": st.just("registry.acme.io/resize:1"),
        "resources": st.just({"limits": {"cpu": "1"}}),
        "template": st.just({"spec": {"containers": [{"name": "worker", "resources": {"limits": {"memory": "1Gi"}}}]}}),
        "scaling": st.fixed_dictionaries(
            {},
            optional={
                "minReplicas": st.none() | NUMBERS,
                "maxReplicas": NUMBERS,
                "startupTime": st.just("6m"),
                "wait": st.just({"target": "1m"}),
            },
        ),
        "rollout": st.fixed_dictionaries({}, optional={"maxSurge": NUMBERS, "maxUnavailable": NUMBERS}),
        "drain": st.fixed_dictionaries({}, optional={"timeout": st.just("5m"), "guard": st.just("Off")}),
    },
)


@given(spec=SPECS, defaults=SPECS, groups=st.sets(st.sampled_from(GROUPS)))
def test_a_part_is_as_in_the_whole(spec: Object, defaults: Object, groups: set[str]) -> None:
    policies, queues = views(policy(defaults=defaults)), [{"maxJobDuration": "30m"}]
    part = effective.pool(spec, queues, policies, effective.part(effective.POOL, groups))
    whole = effective.pool(spec, queues, policies)
    assert {group: part.get(group) for group in groups} == {group: whole.get(group) for group in groups}


keys = st.sampled_from("abc")
leaf_values = st.one_of(st.integers(0, 3), st.lists(st.integers(), max_size=2))
trees = st.recursive(leaf_values, lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=8)
layer_lists = st.lists(st.dictionaries(keys, trees, max_size=3), max_size=4).map(
    lambda found: [(f"layer {number}", values) for number, values in enumerate(found)]
)


def leaves(tree: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        path = f"{prefix}{key}"
        found |= leaves(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return found


def compatible(path: str, above: dict[str, Any]) -> bool:
    """Whether nothing above has a leaf on the way to this path, nor an object at it."""
    return not any(path.startswith(f"{other}.") or other.startswith(f"{path}.") or other == path for other in above)


@given(layer_lists)
def test_merging_takes_every_leaf_from_the_first_layer_that_can_set_it(layers: list[Layer]) -> None:
    want: dict[str, tuple[Any, str]] = {}
    for origin, values in layers:
        fresh = {path: value for path, value in leaves(values).items() if compatible(path, want)}
        want |= {path: (value, origin) for path, value in fresh.items()}
    merged = merge(layers)
    assert {path: (value, origin) for path, value, origin in merged.leaves()} == want
    assert leaves(merged.values) == {path: value for path, (value, _) in want.items()}


@given(layer_lists, layer_lists)
def test_weaker_layers_never_change_what_stands(layers: list[Layer], weaker: list[Layer]) -> None:
    alone, together = merge(layers), merge([*layers, *weaker])
    for path, value, origin in alone.leaves():
        assert (together.get(path), together.origin(path)) == (value, origin)


@given(layer_lists)
def test_merging_twice_is_merging_once_and_leaves_its_input_alone(layers: list[Layer]) -> None:
    merged = merge(layers)
    assert merge([("", merged.values)]).values == merged.values
    for _, values in layers:
        assert merge([("", values)]).values == merge([("", values)]).values
