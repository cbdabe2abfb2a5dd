"""An API server of its own whose CRDs are served at both versions by a running converter, and a webhook before it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from crds import meta
from crds.definition import definition, served_by
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.waiting import until
from tests.kinds import until_established
from tests.versions.api import Api
from tests.versions.converters import Converter, running_converter
from tests.webhooks.install import LABEL, Install, installed


@pytest.fixture(scope="session")
def converter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Converter]:
    with running_converter(tmp_path_factory.mktemp("converter")) as running_:
        yield running_


@pytest.fixture(scope="session")
def cluster(converter: Converter) -> Iterator[Cluster]:
    """A control plane that knows both versions of our kinds."""
    with running_control_plane() as started:
        install_crds(started, [served_by(definition(kind), converter.client) for kind in meta.KINDS])
        yield started


def install_crds(cluster: Cluster, crds: list[dict[str, Any]]) -> None:
    items = json.dumps({"apiVersion": "v1", "kind": "List", "items": crds})
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=items)
    until_established(cluster, *(f"crd/{crd['metadata']['name']}" for crd in crds))


@pytest.fixture(scope="session")
def webhook(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    with installed(cluster, f"install-{secrets.token_hex(4)}", tmp_path_factory.mktemp("webhook")) as running_:
        yield running_


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A fresh namespace that no webhook judges."""
    yield from _namespace(cluster)


@pytest.fixture(scope="module")
def judged(cluster: Cluster, webhook: Install) -> Iterator[str]:
    """A namespace whose objects the webhook judges."""
    yield from _namespace(cluster, {LABEL: webhook.name})


def _namespace(cluster: Cluster, labels: dict[str, str] | None = None) -> Iterator[str]:
    name = f"test-{secrets.token_hex(4)}"
    api = Api(cluster.kubeconfig)
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}
    assert api.ask("POST", "/api/v1/namespaces", made).status == 201
    try:
        yield name
    finally:
        api.ask("DELETE", f"/api/v1/namespaces/{name}")
        api.close()


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Iterator[Api]:
    connection = Api(cluster.kubeconfig)
    # A CRD is established before every version of it is answered.
    for kind in meta.BETA_KINDS:
        for version in (meta.VERSION, meta.BETA):
            path = f"/apis/{meta.GROUP}/{version}/{kind.plural}"
            until(f"{path} is served", partial(_not_served, connection, path), 20)
    yield connection
    connection.close()


def _not_served(api: Api, path: str) -> str | None:
    answer = api.ask("GET", f"{path}?limit=1")
    return None if answer.status == 200 else str(answer.body)
