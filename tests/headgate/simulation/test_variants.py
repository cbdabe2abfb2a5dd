from __future__ import annotations

from typing import Any

import pytest

from headgate.simulation import variants
from headgate.simulation.pools import PoolError


def pool() -> dict[str, Any]:
    scaling = {"maxReplicas": 9}
    spec = {
        "queues": [{"name": "urgent"}, {"name": "bulk"}],
        "image": "registry.example.com/worker:1",
        "scaling": scaling,
    }
    return {"apiVersion": "work.headgate.dev/v1", "kind": "WorkerPool", "metadata": {"name": "emails"}, "spec": spec}


@pytest.mark.parametrize(
    ("change", "want"),
    [
        ("scaling.maxReplicas=20", {"maxReplicas": 20}),
        ("spec.scaling.wait.target=1m", {"maxReplicas": 9, "wait": {"target": "1m"}}),
        ("scaling.maxReplicas=20, scaling.minReplicas=0", {"maxReplicas": 20, "minReplicas": 0}),
    ],
)
def test_a_change(change: str, want: dict[str, Any]) -> None:
    original = pool()
    assert variants.changed(original, change)["spec"]["scaling"] == want
    assert original == pool()


def test_a_change_goes_into_a_list_by_name() -> None:
    found = variants.changed(pool(), "queues.bulk.waitTarget=5m,paused=true")["spec"]
    assert found["queues"] == [{"name": "urgent"}, {"name": "bulk", "waitTarget": "5m"}]
    assert found["paused"] is True


@pytest.mark.parametrize(
    ("change", "want"),
    [
        ("scaling.maxReplicas", "'scaling.maxReplicas' is not of the form scaling.wait.target=1m"),
        ("=3", "'=3' is not of the form"),
        ("a..b=1", "'a..b=1' is not of the form"),
        ("image.x.y=1", "'image.x.y=1' goes through x, which is no object"),
        ("image.x=1", "'image.x=1' sets x of what is no object"),
        ("queues.late.waitTarget=1m", "goes to late, which no entry of the list is named"),
        ("scaling.wait.targt=1h", "spec.scaling.wait.targt"),
        ("scaling.wait.target=soon", "spec.scaling.wait.target: Invalid value"),
        ("scaling.minReplicas=-1", "spec.scaling.minReplicas: Invalid value: -1"),
        ("scaling.minReplicas=10", "spec.scaling.minReplicas: Invalid value: 10"),
        ("scaling.maxReplicas=many", "spec.scaling.maxReplicas: Invalid value"),
        ("workload.type=Pod", "spec.workload.type: Unsupported value"),
    ],
)
def test_what_is_no_change(change: str, want: str) -> None:
    with pytest.raises(PoolError) as caught:
        variants.changed(pool(), change)
    assert want in str(caught.value)


def test_objects_are_found_by_kind_and_name_and_judged() -> None:
    other = {"apiVersion": "rabbitmq.com/v1beta1", "kind": "WorkerPool", "metadata": {"name": "another"}}
    assert variants.named([pool(), other], "WorkerPool") == {"emails": pool()}
    with pytest.raises(PoolError, match=r"^WorkerPool emails would be refused:\n\* spec.image"):
        variants.named([pool() | {"spec": pool()["spec"] | {"image": 3}}], "WorkerPool")
