"""The control plane as tests meet it."""

from __future__ import annotations

import json

import pytest

from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.control_plane


def test_the_server_is_the_version_we_build(control_plane: Cluster) -> None:
    version = json.loads(control_plane.kubectl("version", "-o", "json"))
    assert version["serverVersion"]["gitVersion"].startswith("v1.")


def test_a_namespace_gets_its_service_account(control_plane: Cluster, namespace: str) -> None:
    control_plane.kubectl("wait", "--for=create", f"--namespace={namespace}", "serviceaccount/default", "--timeout=30s")
