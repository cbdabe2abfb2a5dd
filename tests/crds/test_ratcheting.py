"""Objects that were stored under a looser schema: what is not touched is tolerated, here and by the API server."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

import crds
from crds import meta
from crds.definition import definition
from tests.cluster.cluster import Cluster
from tests.crds.apiserver import ApiServer
from tests.crds.objects import Object, pool
from tests.kinds import until_established

pytestmark = pytest.mark.control_plane

# A group and a name of its own, so that no other test, nor kubectl, takes it for the real one.
GROUP: Final = "ratchet.headgate.dev"
CRD: Final = f"ratchets.{GROUP}"
STORED: Final = {
    "queues": [{"name": "a", "weight": 0}, {"name": "b"}],
    "image": "no image",
    "scaling": {"maxReplicas": 5000, "minReplicas": 6000},
    "args": ["a", 1],
}


def manifest(*, loose: bool) -> Object:
    made = copy.deepcopy(definition(meta.WORKER_POOL))
    made["metadata"]["name"] = CRD
    made["spec"]["group"] = GROUP
    made["spec"]["names"] = {"kind": "Ratchet", "plural": "ratchets"}
    if loose:
        schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        schema["properties"]["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return made


@pytest.fixture(scope="module")
def stored(installed: Any, control_plane: Cluster) -> Iterator[Object]:
    """A pool that the loose schema let in and the real one would not."""
    _install(control_plane, loose=True)
    obj = pool("old", **STORED) | {"apiVersion": f"{GROUP}/v1", "kind": "Ratchet"}
    control_plane.kubectl("create", "--validate=false", "-f", "-", stdin=json.dumps(obj))
    _install(control_plane, loose=False)
    yield json.loads(control_plane.kubectl("get", f"{CRD}/old", "-o", "json"))
    control_plane.kubectl("delete", "crd", CRD, "--wait=false")


def _install(cluster: Cluster, *, loose: bool) -> None:
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(manifest(loose=loose)))
    until_established(cluster, f"crd/{CRD}")


@pytest.mark.parametrize(
    ("change", "want_refused"),
    [
        pytest.param({}, False, id="nothing is changed"),
        pytest.param({"concurrency": 5}, False, id="another field is set"),
        pytest.param({"concurrency": 0}, True, id="another field is set wrongly"),
        pytest.param({"queues": [{"name": "b", "weight": 5}, {"name": "a", "weight": 0}]}, False, id="another entry"),
        pytest.param({"queues": [{"name": "a", "weight": -1}, {"name": "b"}]}, True, id="the wrong entry, wrongly"),
        pytest.param({"args": ["a", 1, "b"]}, True, id="an atomic list is judged as a whole"),
        pytest.param(
            {"scaling": {"maxReplicas": 5000, "minReplicas": 4000}}, True, id="half of what is wrong is mended"
        ),
        pytest.param({"scaling": {"maxReplicas": 10}}, False, id="what is wrong is mended"),
        pytest.param({"image": None, "template": {}}, True, id="a rule over several fields is asked again"),
    ],
)
def test_the_verdict_on_a_change(change: Object, want_refused: bool, stored: Object, server: ApiServer) -> None:
    new = copy.deepcopy(stored)
    new["spec"] |= change

    answer = server.ask("PUT", f"/apis/{GROUP}/v1/namespaces/default/ratchets/old?dryRun=All", new)

    assert answer.refused is want_refused, answer.body
    assert bool(crds.validate("WorkerPool", new, stored)) is want_refused
