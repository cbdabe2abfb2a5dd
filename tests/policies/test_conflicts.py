"""Two policies that no object can satisfy together, and pairs of which nobody can say so."""

from __future__ import annotations

from typing import Any

import pytest

from policies import conflicts
from policies.projection import policy_view
from policies.snapshot import PolicyView
from tests.policies.objects import NOW, Object, cluster_policy, policy

PROD = {"namespaceSelector": {"matchLabels": {"env": "prod"}}}
DEV = {"namespaceSelector": {"matchLabels": {"env": "dev"}}}
OURS: Object = {"allowedImages": ["registry.acme.io/"]}
THEIRS: Object = {"allowedImages": ["docker.io/acme/"]}
NO_IMAGE = "allowedImages has no prefix that {} allows too"


def view(obj: Object) -> PolicyView:
    return policy_view(obj["kind"], obj)


def found(own: Object, *others: Object, **namespace_labels: str) -> list[str]:
    own_view = view(own)
    return conflicts.conflicts(own_view, [own_view, *map(view, others)], NOW, namespace_labels)


@pytest.mark.parametrize(
    ("own", "other", "want"),
    [
        pytest.param(OURS, THEIRS, [NO_IMAGE.format("Policy other")], id="registries with nothing in common"),
        pytest.param(OURS, {"allowedImages": ["registry.acme.io/team/"]}, [], id="a prefix of the other's prefix"),
        pytest.param(
            {**OURS, "match": {"kinds": ["WorkerPool"]}},
            {**THEIRS, "match": {"kinds": ["Queue"]}},
            [],
            id="about different kinds",
        ),
        pytest.param(
            {"allowedBrokers": ["*.prod.svc", "10.0.0.1"]},
            {"allowedBrokers": ["*.dev.svc", "redis.acme.io"]},
            ["allowedBrokers has no host that Policy other allows too"],
            id="hosts with nothing in common",
        ),
        pytest.param(
            {"allowedBrokers": ["redis-?.svc"]}, {"allowedBrokers": ["*.svc"]}, [], id="hosts that both allow"
        ),
        pytest.param({"allowedBrokers": ["REDIS.svc"]}, {"allowedBrokers": ["redis.*"]}, [], id="in any case"),
        pytest.param(
            {"requiredLabels": [{"key": "tier", "values": ["a"]}]},
            {"defaults": {"labels": {"tier": "b"}}},
            ["requiredLabels tier refuses defaults.labels[tier] of Policy other"],
            id="a label that is written and refused",
        ),
        pytest.param(
            {"requiredLabels": [{"key": "tier", "values": ["a"]}], "defaults": {"labels": {"tier": "a"}}},
            {"defaults": {"labels": {"tier": "b"}}},
            [],
            id="a label of its own that comes first",
        ),
        pytest.param(
            {"requiredLabels": [{"key": "tier"}]},
            {"defaults": {"labels": {"tier": "b"}}},
            [],
            id="any value",
        ),
        pytest.param(
            {**OURS, "match": {"names": ["a*", "b"]}},
            {**THEIRS, "match": {"names": ["b", "a*"]}},
            [NO_IMAGE.format("Policy other")],
            id="narrower ones that select the same",
        ),
        pytest.param({**OURS, "match": {"names": ["a*"]}}, THEIRS, [], id="a narrower one and a wide one"),
        pytest.param(
            {**OURS, "match": {"labelSelector": {"matchLabels": {"x": "1"}}}},
            {**THEIRS, "match": {"labelSelector": {"matchLabels": {"x": "2"}}}},
            [],
            id="narrower ones that select others",
        ),
    ],
)
def test_two_policies_of_a_namespace(own: dict[str, Any], other: dict[str, Any], want: list[str]) -> None:
    assert found(policy(**own), policy("other", **other)) == want


@pytest.mark.parametrize(
    ("own", "other", "want_conflict"),
    [
        pytest.param(cluster_policy(match=PROD, **OURS), PROD, True, id="the same namespaces"),
        pytest.param(cluster_policy(match=PROD, **OURS), DEV, False, id="other namespaces"),
        pytest.param(cluster_policy(match=PROD, **OURS), {}, True, id="some namespaces, and all"),
        pytest.param(policy(**OURS), PROD, True, id="a Policy of a namespace that is selected"),
        pytest.param(policy(**OURS), DEV, False, id="a Policy of one that is not"),
    ],
)
def test_beside_a_cluster_policy(own: Object, other: dict[str, Any], want_conflict: bool) -> None:
    beside = cluster_policy("other", match=other, **THEIRS)
    want = [NO_IMAGE.format("ClusterPolicy other")] if want_conflict else []
    assert found(own, beside, env="prod") == want
