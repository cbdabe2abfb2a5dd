"""A client of the test's API server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kube import config
from kube.client import Client
from tests.cluster.cluster import Cluster


@pytest.fixture
async def client(control_plane: Cluster) -> AsyncIterator[Client]:
    async with Client(await config.load(control_plane.kubeconfig)) as opened:
        yield opened
