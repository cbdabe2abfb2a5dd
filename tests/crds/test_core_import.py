"""The core/v1 types that pools may contain: the API server's own, without what a template cannot say."""

from __future__ import annotations

import json
from typing import Any

import jsonpatch
import pytest

from crds import core_import
from tests.cluster import builder
from tests.crds.apiserver import ApiServer


def test_the_trimmed_types_refer_to_each_other_only() -> None:
    kept = json.loads(core_import.TARGET.read_text(encoding="utf-8"))

    assert set(core_import.ROOTS) <= set(kept)
    assert {name for schema in kept.values() for name in core_import.references(schema)} <= set(kept)


def test_a_list_whose_keys_may_be_left_out_is_atomic() -> None:
    port = {"type": "object", "required": ["containerPort"], "properties": {"containerPort": {}, "protocol": {}}}
    ports = {
        "type": "array",
        "items": {"$ref": "x.ContainerPort"},
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
    }
    schemas: dict[str, Any] = {f"x.{name}": {"type": "object"} for name in core_import.ROOTS}
    schemas |= {"x.ContainerPort": port, "x.EnvVar": {"type": "object", "properties": {"ports": ports}}}

    kept = core_import.trimmed(schemas)

    assert kept["EnvVar"]["properties"]["ports"]["x-kubernetes-list-type"] == "atomic"


@pytest.mark.control_plane
def test_the_committed_types_are_a_part_of_the_api_servers(server: ApiServer) -> None:
    """A newer server may know more fields; one it no longer knows, or sees differently, would be news. An older one
    does not know all of them yet.
    """
    asked, newest = (int(said.split(".")[1]) for said in (version(server), builder.KUBERNETES.version))
    known = {"add"} if asked >= newest else {"add", "remove", "replace"}
    published = core_import.trimmed(server.ask("GET", "/openapi/v3/api/v1").body["components"]["schemas"])
    committed = json.loads(core_import.TARGET.read_text(encoding="utf-8"))

    changes = jsonpatch.make_patch(committed, published)

    assert [change for change in changes if change["op"] not in known] == []
    assert set(core_import.ROOTS) <= set(published)


def version(server: ApiServer) -> str:
    """Such as `v1.30.14`."""
    return str(server.ask("GET", "/version").body["gitVersion"])
