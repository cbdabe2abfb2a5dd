"""A client of the test's API server, and our kinds in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kube import config
from kube.client import Client
from tests import kinds as kinds_of_ours
from tests.cluster.cluster import Cluster


@pytest.fixture
async def client(control_plane: Cluster) -> AsyncIterator[Client]:
    async with Client(await config.load(control_plane.kubeconfig)) as opened:
        yield opened


@pytest.fixture(scope="session")
def kinds(control_plane: Cluster) -> Cluster:
    """The test's API server, with our kinds in it."""
    kinds_of_ours.serve(control_plane)
    return control_plane
