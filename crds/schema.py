"""From pydantic models to structural schemas, the dialect of JSON Schema that CustomResourceDefinitions speak.

A structural schema has no references, no unions and no null: every node has one type and everything below it is
spelled out. Rules stay objects in it (under `crds.rules.KEY`), so that the validator can call their Python face;
`crds.openapi` writes them as `x-kubernetes-validations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind
from pydantic_core import PydanticUndefined, core_schema

from crds import core_v1, meta, v1, v1beta1
from crds.rules import TYPE_NAME_KEY
from crds.v1.base import Model
from crds.v1.core import BORROWED_KEY
from crds.v1.core import KEY as CORE_KEY

Schema = dict[str, Any]
PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
MODELS: Final[Mapping[str, type[Model]]] = {
    "Queue": v1.Queue,
    "WorkerPool": v1.WorkerPool,
    "Policy": v1.Policy,
    "ClusterPolicy": v1.ClusterPolicy,
}
BETA_MODELS: Final[Mapping[str, type[Model]]] = {
    "Queue": v1beta1.Queue,
    "WorkerPool": v1beta1.WorkerPool,
    "Policy": v1beta1.Policy,
}
VERSIONS: Final = {meta.VERSION: MODELS, meta.BETA: BETA_MODELS}

_NOISE: Final = frozenset({"title", "description", "$defs", "$ref"})


class UnstructuralError(Exception):
    """A model says something that no structural schema can express; it must be declared differently."""


class _Generate(GenerateJsonSchema):
    """Optional fields are left out rather than null, and only real defaults are defaults."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default", PydanticUndefined)
        if default in (None, PydanticUndefined, ""):
            return inner
        return {**inner, "default": default}

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        raise UnstructuralError(detail)


@cache
def structural(kind: str, version: str = meta.VERSION) -> Schema:
    """The schema of one kind, without descriptions. Callers share it: nobody may change it."""
    model = VERSIONS[version][kind]
    generated = model.model_json_schema(schema_generator=_Generate)
    properties = generated["properties"]
    properties["metadata"] = _metadata(getattr(model, "NAME", {}))
    for name in ("apiVersion", "kind"):
        properties[name] = {"type": "string"}
    generated["required"] = ["spec"]
    return _node(generated, generated.get("$defs", {}))


def _metadata(name: Mapping[str, Any]) -> Schema:
    """The API server lets a CRD say nothing about metadata but what names look like."""
    if not name:
        return {"type": "object"}
    return {"type": "object", "properties": {"name": {"type": "string", **name}}}


def _node(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Schema:
    if CORE_KEY in schema:
        return _core(schema[CORE_KEY], schema[BORROWED_KEY])
    resolved = _resolved(schema, definitions)
    for union in ("anyOf", "oneOf", "allOf", "prefixItems", "patternProperties"):
        if union in resolved:
            raise UnstructuralError(f"{union} in {resolved}")
    node = {key: value for key, value in resolved.items() if key not in _NOISE}
    if "const" in node:
        node["enum"] = [node.pop("const")]
    for bound, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if bound in node:
            node[plain], node[bound] = node[bound], True
    if "properties" in node:
        node["properties"] = {name: _node(part, definitions) for name, part in node["properties"].items()}
    for below in ("items", "additionalProperties"):
        if isinstance(node.get(below), Mapping):
            node[below] = _node(node[below], definitions)
    return node


def _core(name: str, borrowed: tuple[str, ...]) -> Schema:
    definition = core_v1.definition(name)
    if borrowed:
        others = core_v1.definition("SecurityContext")["properties"]
        taken_in = {field: others[field] for field in borrowed}
        definition = {**definition, "properties": {**definition["properties"], **taken_in}}
    return {**definition, TYPE_NAME_KEY: f"{name} of core/v1"}


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with its reference, if it has one, replaced; what stands beside a reference wins."""
    while "$ref" in schema:
        target = definitions[schema["$ref"].rpartition("/")[2]]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema
