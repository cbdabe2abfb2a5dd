"""An API server that knows our kinds, a client of it, and the reconciler as a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kube import config
from kube.client import Client
from tests.cluster.cluster import Cluster
from tests.kinds import serve
from tests.reconciler.objects import Objects
from tests.reconciler.reconcilers import Reconcilers


@pytest.fixture(scope="session")
def kinds(control_plane: Cluster) -> Cluster:
    """The control plane with the CRDs."""
    serve(control_plane)
    return control_plane


@pytest.fixture
async def client(kinds: Cluster) -> AsyncIterator[Client]:
    async with Client(await config.load(kinds.kubeconfig)) as opened:
        yield opened


@pytest.fixture
def reconcilers(kinds: Cluster, namespace: str, tmp_path: Path) -> Iterator[Reconcilers]:
    """Starts reconcilers of the test's namespace; whatever runs at the end is killed."""
    started = Reconcilers(kinds.kubeconfig, namespace, tmp_path)
    try:
        yield started
    finally:
        started.kill_all()


@pytest.fixture
def objects(kinds: Cluster, namespace: str) -> Objects:
    return Objects(kinds, namespace)
