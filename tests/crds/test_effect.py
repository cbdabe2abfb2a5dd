from __future__ import annotations

import pytest

import crds
from crds import effect
from crds.schema import structural
from tests.crds.objects import Object, cluster_policy, policy, pool, queue
from tests.crds.test_schema import nodes


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        pytest.param(queue(), (), id="a plain list works"),
        pytest.param(queue(broker={"kafka": {}}), ("spec.broker.kafka",), id="a broker nobody reads"),
        pytest.param(queue(management="Observe", deletionPolicy="Retain"), (), id="asking for what is done anyway"),
        pytest.param(queue(management="Manage", deletionPolicy="Purge"), (), id="asking for writes"),
        pytest.param(
            pool(queues=[{"name": "a", "weight": 1}, {"name": "b"}, {"name": "c", "weight": 2}]),
            (),
            id="queues that are taken in turns",
        ),
        pytest.param(
            policy(defaults={"retry": {"maxRetries": 1}, "circuitBreaker": {"window": "1m"}}),
            ("spec.defaults.circuitBreaker",),
            id="one field beside another",
        ),
        pytest.param(policy(native="Enabled"), (), id="limits that the API server itself keeps"),
        pytest.param(
            cluster_policy(defaults={"retention": {"maxJobs": 1}}),
            ("spec.defaults.retention",),
            id="a ClusterPolicy is a Policy",
        ),
    ],
)
def test_without_effect(obj: Object, want: tuple[str, ...]) -> None:
    found = crds.without_effect(str(obj["kind"]), obj)

    assert found == want
    assert all(effect.why(str(obj["kind"]), path) for path in found)


@pytest.mark.parametrize("kind", effect.NOT_YET)
def test_the_table_speaks_of_fields_that_exist(kind: str) -> None:
    known = {path for path, _ in nodes(structural(kind))}

    assert [entry for entry in effect.NOT_YET[kind] if entry not in known] == []
