"""Paths of kinds, as the API server serves them."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from kube.resources import DEPLOYMENTS, NODES, PODS, Resource, custom

WIDGETS = custom("example.com", "v1", "widgets", "Widget")


class Case(NamedTuple):
    resource: Resource
    namespace: str | None
    name: str
    subresource: str
    want: str


CASES = {
    "a core object": Case(PODS, "shop", "a", "", "/api/v1/namespaces/shop/pods/a"),
    "a core collection": Case(PODS, "shop", "", "", "/api/v1/namespaces/shop/pods"),
    "a collection of all namespaces": Case(PODS, None, "", "", "/api/v1/pods"),
    "an object of a group": Case(DEPLOYMENTS, "s", "a", "scale", "/apis/apps/v1/namespaces/s/deployments/a/scale"),
    "a cluster-scoped object ignores the namespace": Case(NODES, "shop", "n", "status", "/api/v1/nodes/n/status"),
    "a custom kind": Case(WIDGETS, "shop", "w", "", "/apis/example.com/v1/namespaces/shop/widgets/w"),
    "a name cannot leave its segment": Case(PODS, "shop", "../a?b", "", "/api/v1/namespaces/shop/pods/..%2Fa%3Fb"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_path(case: Case) -> None:
    assert case.resource.path(case.namespace, case.name, case.subresource) == case.want


def test_an_object_of_a_namespaced_kind_needs_its_namespace() -> None:
    with pytest.raises(ValueError, match="Pod 'a' needs a namespace"):
        PODS.path(None, "a")
