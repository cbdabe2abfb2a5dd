"""A real API server's opinion of the CRDs, and that `crds.validate` has the same."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import crds
from crds import meta
from crds.definition import definition
from crds.schema import structural
from tests.cluster.cluster import Cluster
from tests.crds import generators, objects, seeds
from tests.crds.apiserver import ApiServer

pytestmark = pytest.mark.control_plane

KINDS: Final = tuple(kind.kind for kind in meta.KINDS)
ASKED: Final = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
# What kubectl can keep of an object in the annotation of client-side apply.
ANNOTATIONS: Final = 256 * 1024


@pytest.mark.parametrize("kind", meta.KINDS, ids=KINDS)
def test_the_api_server_takes_the_crd_without_a_warning(kind: meta.Kind, server: ApiServer) -> None:
    manifest = definition(kind)
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{manifest['metadata']['name']}"

    answer = server.ask("PATCH", f"{path}?fieldManager=test&force=true&fieldValidation=Strict", manifest, _APPLY)

    assert answer.status == 200, answer.body
    assert answer.warnings == ()
    conditions = {entry["type"]: entry["status"] for entry in answer.body["status"]["conditions"]}
    assert conditions.get("NonStructuralSchema", "False") == "False"


@pytest.mark.parametrize("kind", meta.KINDS, ids=KINDS)
def test_kubectl_explains_every_field(kind: meta.Kind, control_plane: Cluster, installed: Path) -> None:
    tree = control_plane.kubectl("explain", f"{kind.plural}.spec", f"--api-version={meta.API_VERSION}", "--recursive")
    shown = set(re.findall(r"^\s+([A-Za-z0-9]+)\t<", tree, re.MULTILINE))
    assert set(_fields(structural(kind.kind)["properties"]["spec"])) <= shown


def test_kubectl_explains_what_a_field_is_for(control_plane: Cluster, installed: Path) -> None:
    told = control_plane.kubectl("explain", "workerpools.work.headgate.dev.spec.scaling.maxReplicas")
    described = definition(meta.WORKER_POOL)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    words = described["spec"]["properties"]["scaling"]["properties"]["maxReplicas"]["description"]
    assert " ".join(words.split()) in " ".join(told.split())


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    """The names of the fields of our own; a pod template has those of Kubernetes, which explains them itself."""
    for name, below in schema.get("properties", {}).items():
        yield name
        if name != "template":
            yield from _fields(below)
    if items := schema.get("items"):
        yield from _fields(items)


@pytest.mark.parametrize("kind", KINDS)
def test_client_side_apply_can_store_the_crd(kind: str) -> None:
    (of_kind,) = (entry for entry in meta.KINDS if entry.kind == kind)

    assert len(str(definition(of_kind)).encode()) < ANNOTATIONS


@pytest.mark.parametrize("kind", KINDS)
def test_every_seed_is_stored_as_it_is(kind: str, server: ApiServer, namespace: str) -> None:
    for seed in seeds.BY_KIND[kind]:
        answer = server.ask("POST", _strict(kind, namespace), seed)

        assert answer.status == 201, answer.body
        assert answer.warnings == ()


@pytest.mark.parametrize("kind", KINDS)
@ASKED
@given(data=st.data())
def test_a_new_object_gets_the_verdict_of_the_api_server(
    kind: str, data: st.DataObject, server: ApiServer, namespace: str
) -> None:
    obj = data.draw(generators.edited(kind))

    _agree(crds.validate(kind, obj), server.create(obj, namespace))


@pytest.mark.parametrize("kind", KINDS)
@ASKED
@given(data=st.data())
def test_a_changed_object_gets_the_verdict_of_the_api_server(
    kind: str, data: st.DataObject, server: ApiServer, namespace: str
) -> None:
    old = data.draw(st.sampled_from(_stored(kind, server, namespace)))
    new = data.draw(generators.edits_of(kind, old))
    new["metadata"]["name"] = old["metadata"]["name"]

    _agree(crds.validate(kind, new, old), server.update(new, namespace))


def test_kubectl_scale_writes_a_hold_where_there_is_none(
    server: ApiServer, control_plane: Cluster, installed: Path, namespace: str
) -> None:
    server.create(objects.pool("resize"), namespace, dry_run=False)

    control_plane.kubectl("-n", namespace, "scale", "workerpool/resize", "--replicas=3")

    stored = server.ask("GET", f"/apis/{meta.API_VERSION}/namespaces/{namespace}/workerpools/resize").body
    assert stored["spec"]["hold"] == {"replicas": 3}


def test_scale_cannot_be_read_without_a_hold(server: ApiServer, namespace: str) -> None:
    """The API server has no number to show then; nothing of ours reads it, and an HPA must not."""
    server.create(objects.pool("resize"), namespace, dry_run=False)

    answer = server.ask("GET", f"/apis/{meta.API_VERSION}/namespaces/{namespace}/workerpools/resize/scale")

    assert answer.status == 500


def _stored(kind: str, server: ApiServer, namespace: str) -> list[Any]:
    """The seeds as they stand in the cluster, each under a name of its own."""
    found = []
    for index, seed in enumerate(seeds.BY_KIND[kind]):
        named = copy.deepcopy(seed)
        named["metadata"]["name"] = f"{namespace}-{index}"
        answer = server.create(named, namespace, dry_run=False)
        if answer.status == 409:
            path = f"{_strict(kind, namespace).partition('?')[0]}/{named['metadata']['name']}"
            answer = server.ask("GET", path)
        found.append(answer.body)
    return found


def _agree(findings: tuple[crds.Finding, ...], answer: Any) -> None:
    assert answer.status in (200, 201, 400, 422), answer.body
    assert bool(findings) == answer.refused, ([finding.line() for finding in findings], answer.body)


def _strict(kind: str, namespace: str) -> str:
    from tests.crds.apiserver import collection

    return f"{collection(kind, namespace)}?dryRun=All&fieldValidation=Strict"


_APPLY: Final = "application/apply-patch+yaml"
