"""An install with its webhook, on the run's API server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests import kinds
from tests.cluster.cluster import Cluster
from tests.crds.apiserver import ApiServer
from tests.webhooks.install import Install, installed


@pytest.fixture(scope="module")
def install(control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    kinds.serve(control_plane)
    with installed(control_plane, f"install-{secrets.token_hex(4)}", tmp_path_factory.mktemp("webhook")) as running:
        yield running


@pytest.fixture(scope="module")
def server(control_plane: Cluster) -> Iterator[ApiServer]:
    connected = ApiServer(control_plane.kubeconfig)
    yield connected
    connected.close()
