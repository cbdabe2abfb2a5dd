"""An API server that knows our kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crds import meta
from crds.definition import definition
from tests.cluster.cluster import Cluster
from tests.crds.apiserver import ApiServer
from tests.kinds import until_established

_PLURALS = [f"{kind.plural}.{meta.GROUP}" for kind in meta.KINDS]


@pytest.fixture(scope="session")
def installed(control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kubeconfig of a cluster that has our CRDs, and has established them."""
    file = tmp_path_factory.mktemp("crds") / "crds.json"
    items = [definition(kind) for kind in meta.KINDS]
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
    until_established(control_plane, *(f"crd/{name}" for name in _PLURALS))
    return control_plane.kubeconfig


@pytest.fixture
def server(installed: Path) -> Iterator[ApiServer]:
    connection = ApiServer(installed)
    yield connection
    connection.close()
