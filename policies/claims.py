"""Which namespaces have an install of their own: ClusterPolicies do not hold there."""

from __future__ import annotations

from collections.abc import Mapping

from crds import meta


def claimed(of_namespace: Mapping[str, str]) -> bool:
    """Whether the labels of a namespace say that an install has claimed it; one whose labels nobody knows is free."""
    return meta.LABEL_INSTALL in of_namespace
