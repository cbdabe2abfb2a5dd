"""A client of the test's API server, and our kinds in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kube import config
from kube.client import Client
from tests.cluster.cluster import Cluster


@pytest.fixture
async def client(control_plane: Cluster) -> AsyncIterator[Client]:
    async with Client(await config.load(control_plane.kubeconfig)) as opened:
        yield opened


@pytest.fixture(scope="session")
def kinds(control_plane: Cluster) -> Cluster:
    """The test's API server, with our kinds in it."""
    generated = str(Path(__file__).parents[2] / "crds" / "generated")
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", generated)
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=90s", "-f", generated)
    return control_plane
