"""What the API server, server-side apply and the CEL cost estimate ask of every node of a schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from crds import meta, openapi
from crds.definition import COLUMNS, SCALE, WIDE
from crds.rules import KEY, Rule
from crds.schema import Schema, structural

KINDS: Final = tuple(kind.kind for kind in meta.KINDS)
# Subtrees of core/v1: bounded by the API server that runs the pods, not by us.
CORE: Final = re.compile(
    r"spec\.(template|env|envFrom|resources|workload\.volumeClaimTemplates"
    r"|defaults\.(resources|podSecurityContext|securityContext))\b"
)

# Described down to here; there would be no room for the texts of all fields below.
EMBEDDED: Final = re.compile(r"spec\.(template|env\[\]|envFrom\[\]|workload\.volumeClaimTemplates\[\])\.")


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from nodes(part, f"{path}.{name}".removeprefix("."))
    for below, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if below in schema:
            yield from nodes(schema[below], path + mark)


def own_nodes(kind: str) -> list[tuple[str, Schema]]:
    return [(path, node) for path, node in nodes(structural(kind)) if not CORE.match(path)]


def spec_nodes(kind: str) -> list[tuple[str, Schema]]:
    return [(path, node) for path, node in own_nodes(kind) if path.startswith("spec")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_node_has_one_type(kind: str) -> None:
    untyped = {"x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"}

    assert [
        path
        for path, node in nodes(structural(kind))
        if not isinstance(node.get("type"), str) and not untyped & {*node}
    ] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_is_bounded(kind: str) -> None:
    texts = [(path, node) for path, node in spec_nodes(kind) if node.get("type") == "string"]

    assert [path for path, node in texts if "maxLength" not in node and "enum" not in node] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_is_bounded(kind: str) -> None:
    numbers = [(path, node) for path, node in spec_nodes(kind) if node.get("type") == "integer"]

    assert [path for path, node in numbers if not {"minimum", "maximum", "format"} <= {*node}] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_list_is_bounded_and_says_how_it_merges(kind: str) -> None:
    lists = [(path, node) for path, node in own_nodes(kind) if node.get("type") == "array"]

    assert [path for path, node in lists if not {"maxItems", "x-kubernetes-list-type"} <= {*node}] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_map_is_bounded(kind: str) -> None:
    maps = [(path, node) for path, node in own_nodes(kind) if "additionalProperties" in node]

    assert [path for path, node in maps if "maxProperties" not in node] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_keys_of_a_map_list_are_required(kind: str) -> None:
    """They would need a default otherwise, and list items have none."""
    for path, node in nodes(structural(kind)):
        assert set(node.get("x-kubernetes-list-map-keys", ())) <= set(node.get("items", {}).get("required", ())), path


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_no_floats(kind: str) -> None:
    assert [path for path, node in own_nodes(kind) if node.get("type") == "number"] == []


def test_only_fields_that_no_policy_defaults_have_a_default() -> None:
    found = {
        (kind, path): node["default"] for kind in KINDS for path, node in nodes(structural(kind)) if "default" in node
    }

    assert found == {
        ("Queue", "spec.management"): "Observe",
        ("Queue", "spec.paused"): False,
        ("Queue", "spec.deletionPolicy"): "Retain",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_pattern_means_the_same_to_go_rust_and_python(kind: str) -> None:
    classes_that_differ = re.compile(r"\\[dDsSwWbB]|(?<!\\)\.(?![^\[]*\])|\(\?")
    patterns = {node["pattern"] for _, node in nodes(structural(kind)) if "pattern" in node}

    assert [pattern for pattern in patterns if classes_that_differ.search(pattern)] == []
    assert [pattern for pattern in patterns if not (pattern.startswith("^") and pattern.endswith("$"))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_pattern_has_words_for_people(kind: str) -> None:
    assert [path for path, node in own_nodes(kind) if "pattern" in node and "x-words" not in node] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_documented_in_whole_sentences(kind: str) -> None:
    rendered = openapi.rendered(structural(kind))
    for path, node in nodes(rendered):
        if (
            path.rpartition(".")[2]
            and not EMBEDDED.match(path)
            and not path.startswith("metadata")
            and path[-1] not in "]}"
        ):
            assert node.get("description", "").endswith((".", '"')), path


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_names_a_field_that_exists(kind: str) -> None:
    for path, node in nodes(structural(kind)):
        for rule in node.get(KEY, ()):
            assert _has(node, rule.field.split(".") if rule.field else []), (path, rule.field)
            assert all(_has(node, list(read)) for read in rule.reads), (path, rule.reads)


def test_a_rule_reads_the_fields_its_cel_speaks_of() -> None:
    rule = Rule("has(self.a.b) && self.c.all(x, x > 0) && self.d == oldSelf.e", "", lambda self: True)

    assert set(rule.reads) == {("a", "b"), ("c",), ("d",)}
    assert rule.transition


def test_a_field_with_a_name_that_cel_keeps_for_itself_is_escaped_for_old_api_servers() -> None:
    rule = Rule("has(self.namespace) && self.inner.if == self.names", "", lambda self: True)

    assert rule.as_validation()["rule"] == "has(self.__namespace__) && self.inner.__if__ == self.names"
    assert set(rule.reads) == {("namespace",), ("inner", "if"), ("names",)}


def test_a_rule_about_the_whole_value_reads_all_of_it() -> None:
    assert Rule("self.all(x, x > 0)", "", lambda self: True).reads == ((),)


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_shows_a_field_that_exists(kind: str) -> None:
    paths = [path for _, _, path in COLUMNS[kind] if path != WIDE[2]]
    fields = [re.sub(r"\[.*\]", "[]", path).removeprefix(".") for path in paths]
    known = {path.replace("[].", "[].") for path, _ in nodes(structural(kind))} | {"metadata.creationTimestamp"}

    assert [field for field in fields if field not in known] == []


def test_the_scale_subresource_shows_fields_that_exist() -> None:
    known = {path for path, _ in nodes(structural("WorkerPool"))}

    assert {path.removeprefix(".") for path in SCALE.values()} <= known


def _has(schema: Any, path: list[str]) -> bool:
    for step in path:
        schema = schema.get("properties", {}).get(step)
        if schema is None:
            return False
    return True
