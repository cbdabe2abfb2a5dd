from __future__ import annotations

from typing import Any

import pytest

from reconciler.ownership import autoscaler_of, kept

REPLICAS: dict[str, Any] = {"f:spec": {"f:replicas": {}}}


def entry(
    manager: str, fields: dict[str, Any], subresource: str = "", time: str = "2027-01-15T08:00:00Z"
) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "subresource": subresource, "time": time, "fieldsV1": fields}


AUTOSCALER = entry("kube-controller-manager", REPLICAS, "scale")
KEPT: dict[str, tuple[str, dict[str, Any], bool]] = {
    "the HorizontalPodAutoscaler controller": ("Deployment", AUTOSCALER, True),
    "KEDA": ("Deployment", entry("keda-operator", REPLICAS, "scale"), True),
    "an autoscaler by name": ("Deployment", entry("acme-autoscaler", REPLICAS), True),
    "the Deployment controller's status": (
        "Deployment",
        entry("kube-controller-manager", {"f:status": {}}, "status"),
        False,
    ),
    "Headgate": ("Deployment", entry("headgate-reconciler", REPLICAS), False),
    "a person": ("Deployment", entry("kubectl", REPLICAS, "scale"), False),
    "an autoscaler at a pool": ("WorkerPool", entry("keda-operator", {"f:spec": {"f:hold": {}}}, "scale"), True),
    "a person at a pool": ("WorkerPool", entry("kubectl", {"f:spec": {"f:hold": {}}}, "scale"), False),
    "other kinds": ("Pod", AUTOSCALER, False),
}


@pytest.mark.parametrize(("kind", "written", "want"), KEPT.values(), ids=KEPT.keys())
def test_which_managed_fields_are_kept(kind: str, written: dict[str, Any], want: bool) -> None:
    found = kept(kind, [written])
    assert found == ([{"manager": written["manager"], "time": written["time"], "subresource": "scale"}] if want else [])


def test_the_last_autoscaler_is_told() -> None:
    entries = [
        {"manager": "keda", "subresource": "scale", "time": "2027-01-15T08:00:00Z"},
        {"manager": "keda-later", "subresource": "scale", "time": "2027-01-15T09:00:00Z"},
    ]
    assert autoscaler_of({"metadata": {"managedFields": entries}}) == ("keda-later", "2027-01-15T09:00:00Z")
    assert autoscaler_of({"metadata": {}}) is None
    assert autoscaler_of({"metadata": {"managedFields": [{"manager": "keda", "fieldsV1": {}}]}}) is None
