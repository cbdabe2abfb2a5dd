"""Who else has a hand in a child."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.children.strangers import kept, strangers

WORKER: dict[str, Any] = {'k:{"name":"worker"}': {".": {}, "f:image": {}}}
IMAGE: dict[str, Any] = {"f:spec": {"f:template": {"f:spec": {"f:containers": WORKER}}}}


def entry(manager: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "fieldsV1": fields, **more}


@pytest.mark.parametrize(
    ("entries", "want"),
    [
        pytest.param([], {}, id="nobody"),
        pytest.param([entry("headgate", IMAGE), entry("headgate-reconciler", IMAGE)], {}, id="ourselves"),
        pytest.param(
            [entry("kube-controller-manager", {"f:status": {"f:replicas": {}}}, subresource="status")],
            {},
            id="the controllers",
        ),
        pytest.param([entry("kubectl", {"f:metadata": {"f:labels": {"f:a": {}}}})], {}, id="a label is everybody's"),
        pytest.param([entry("kubectl", {"f:spec": {"f:replicas": {}}})], {}, id="replicas are set again anyway"),
        pytest.param([entry("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale")], {}, id="by scale too"),
        pytest.param(
            [entry("kubectl-edit", IMAGE)],
            {"kubectl-edit": ("spec.template.spec.containers[name=worker].image",)},
            id="an edit",
        ),
        pytest.param(
            [entry("kubectl-rollout", {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {"f:a/b": {}}}}}})],
            {"kubectl-rollout": ("spec.template.metadata.annotations[a/b]",)},
            id="a restart by kubectl",
        ),
    ],
)
def test_strangers(entries: list[dict[str, Any]], want: dict[str, tuple[str, ...]]) -> None:
    assert strangers({"metadata": {"managedFields": entries}}) == want
    assert bool(kept("Deployment", entries)) is bool(want)
    assert kept("Pod", entries) == []
