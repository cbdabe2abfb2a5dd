"""From a cluster where only v1beta1 is stored to one where only v1 is: nothing is lost, and nobody waits for ever."""

from __future__ import annotations

import copy
import json
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from crds import meta
from crds.definition import definition, served_by
from tests.cluster.cluster import Cluster, running_control_plane
from tests.cluster.waiting import until
from tests.crds import beta
from tests.versions.api import Api
from tests.versions.conftest import install_crds
from tests.versions.converters import Converter
from tests.webhooks.install import certificates, running
from tests.webhooks.kubectl import kubectl

pytestmark = pytest.mark.control_plane

NOBODY = {"url": "https://localhost:1/convert", "caBundle": ""}
CLUSTER_POLICIES = definition(meta.CLUSTER_POLICY)


def only_beta(kind: meta.Kind) -> dict[str, Any]:
    """The CRD of a cluster that has never heard of v1."""
    crd = copy.deepcopy(definition(kind))
    (version,) = (one for one in crd["spec"]["versions"] if one["name"] == meta.BETA)
    crd["spec"]["versions"] = [version | {"served": True, "storage": True}]
    return crd


def both(client: dict[str, Any]) -> list[dict[str, Any]]:
    return [served_by(definition(kind), client) for kind in meta.BETA_KINDS]


def stored_versions(cluster: Cluster, kind: meta.Kind) -> list[str]:
    crd = json.loads(cluster.kubectl("get", "crd", f"{kind.plural}.{meta.GROUP}", "-o", "json"))
    versions: list[str] = crd["status"]["storedVersions"]
    return versions


def test_the_way_from_v1beta1_stored_to_v1_alone(converter: Converter, tmp_path: Path) -> None:
    objects = [obj for kind in meta.BETA_KINDS for obj in beta.BY_KIND[kind.kind][-1:]]
    with running_control_plane() as cluster:
        install_crds(cluster, [*(only_beta(kind) for kind in meta.BETA_KINDS), CLUSTER_POLICIES])
        api = Api(cluster.kubeconfig)
        until("v1beta1 is served", lambda: _refused(api, objects), 20)

        # The CRDs come before the converter answers, and the webhook starts before it does.
        install_crds(cluster, both(NOBODY))
        certificates(tmp_path, "localhost")
        flags = (f"--kubeconfig={cluster.kubeconfig}", "--scope=cluster", f"--cert-dir={tmp_path}")
        with running(tmp_path, *flags) as (_, ports, log):
            until("the webhook has met the missing converter", lambda: _lacks(log, "cannot follow"), 30)
            assert "snapshot synced" in _missing(ports)
            install_crds(cluster, both(converter.client))
            until("the snapshot is filled", lambda: _still_empty(ports), 40)

        for kind, obj in zip(meta.BETA_KINDS, objects, strict=True):
            assert stored_versions(cluster, kind) == [meta.BETA, meta.VERSION]
            assert api.get(obj, "default", meta.VERSION)["apiVersion"] == meta.API_VERSION
            assert api.get(obj, "default", meta.BETA)["spec"] == obj["spec"]
            migrate(cluster, kind)
            assert stored_versions(cluster, kind) == [meta.VERSION]

        # Nothing needs the converter any more but who asks for v1beta1.
        install_crds(cluster, [without_beta(kind) for kind in meta.BETA_KINDS])
        for obj in objects:
            assert api.get(obj, "default", meta.VERSION)["spec"]
        install_crds(cluster, both(converter.client))
        for obj in objects:
            until("it is read in v1beta1 again", partial(_differs, api, obj), 20)
        api.close()


def migrate(cluster: Cluster, kind: meta.Kind) -> None:
    """As docs/versions.md says it."""
    resource = f"{kind.plural}.{meta.GROUP}"
    every = kubectl(cluster, "get", resource, "--all-namespaces", "-o", "json").out
    cluster.kubectl("replace", "-f", "-", stdin=every)
    patch = json.dumps({"status": {"storedVersions": [meta.VERSION]}})
    cluster.kubectl("patch", "crd", resource, "--subresource=status", "--type=merge", "-p", patch)


def without_beta(kind: meta.Kind) -> dict[str, Any]:
    crd = copy.deepcopy(definition(kind))
    crd["spec"]["versions"] = crd["spec"]["versions"][:1]
    return crd


def _refused(api: Api, objects: list[dict[str, Any]]) -> str | None:
    for obj in objects:
        answer = api.post(obj, "default")
        if answer.status not in (201, 409):
            return str(answer.body)
    return None


def _lacks(log: Path, words: str) -> str | None:
    text = log.read_text()
    return None if words in text else text[-1500:]


def _differs(api: Api, obj: dict[str, Any]) -> str | None:
    spec = api.get(obj, "default", meta.BETA)["spec"]
    return None if spec == obj["spec"] else str(spec)


def _missing(ports: dict[str, int]) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{ports['metrics_port']}/readyz", timeout=5) as response:
            return str(response.read().decode())
    except HTTPError as error:
        return error.read().decode()


def _still_empty(ports: dict[str, int]) -> str | None:
    missing = _missing(ports)
    return missing if "snapshot" in missing else None
