"""A webhook in front of the run's API server, and namespaces whose objects are sent to it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import kinds
from tests.cluster.cluster import Cluster
from tests.webhooks.install import LABEL, Install, installed
from tests.webhooks.kubectl import apply, kubectl


@pytest.fixture(scope="module")
def install(control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    kinds.serve(control_plane)
    folder: Path = tmp_path_factory.mktemp("webhook")
    with installed(control_plane, f"install-{secrets.token_hex(4)}", folder) as running:
        yield running


@pytest.fixture
def team(install: Install) -> Iterator[str]:
    """A fresh namespace whose objects are sent to the install."""
    name = f"team-{secrets.token_hex(4)}"
    labels = {LABEL: install.name, "team": name}
    done = apply(
        install.cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    )
    assert done.code == 0, done.err
    try:
        yield name
    finally:
        kubectl(install.cluster, "delete", "namespace", name, "--wait=false")
