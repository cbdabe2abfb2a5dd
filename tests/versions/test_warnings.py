"""What people are told of fields that v1 does not have: once, with what v1 has instead."""

from __future__ import annotations

import pytest

from crds import meta
from tests.crds import beta
from tests.versions.api import Api

pytestmark = pytest.mark.control_plane

REPLICAS = "spec.replicas: no effect: v1 has spec.scaling, and spec.hold for a while"


def test_a_field_without_effect_is_told_when_it_is_written(api: Api, judged: str) -> None:
    obj = beta.pool(replicas=3, autoScaling={"maxReplicas": 9})

    created = api.post(obj, judged)
    assert created.status == 201, created.body
    edited = api.merge(obj, judged, meta.VERSION, {"metadata": {"labels": {"team": "media"}}})

    assert any(REPLICAS in warning for warning in created.warnings), created.warnings
    assert not any("spec.replicas" in warning for warning in edited.warnings), edited.warnings


def test_what_a_policy_persists_is_read_in_both_versions(api: Api, judged: str) -> None:
    defaults = {"rateLimit": {"jobs": 60, "per": "1m"}, "labels": {"team": "media"}}
    policy = {
        "apiVersion": meta.API_VERSION,
        "kind": "Policy",
        "metadata": {"name": "persists"},
        "spec": {"action": "Deny", "defaulting": "Persist", "defaults": defaults},
    }
    assert api.post(policy, judged).status == 201
    obj = beta.queue()
    obj["metadata"] = {"name": "persisted"}

    api.ask("DELETE", f"/apis/{meta.API_VERSION}/namespaces/{judged}/queues/persisted")
    answer = api.post(obj, judged)

    assert answer.status == 201, answer.body
    assert answer.body["metadata"]["labels"] == {"team": "media"}
    assert api.get(obj, judged, meta.VERSION)["spec"]["rateLimit"] == {"jobs": 60, "per": "1m"}
    assert api.get(obj, judged, meta.BETA)["spec"]["rateLimit"] == {"requestsPerSecond": 1, "burstCapacity": 60}
