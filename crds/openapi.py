"""A structural schema as a CustomResourceDefinition carries it: with descriptions, and with rules written as CEL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import core_docs, rules
from crds.fielddocs import UndocumentedError, field_docs, model_doc
from crds.schema import Schema
from crds.v1.base import MODEL_KEY

# The keys in the order people read them; a key that is not here is a bug, not noise.
ORDER: Final = (
    "description",
    "type",
    "format",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "default",
    "minItems",
    "maxItems",
    "maxProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "x-kubernetes-validations",
)
_PRIVATE: Final = frozenset({rules.KEY, rules.WORDS_KEY, rules.TYPE_NAME_KEY, MODEL_KEY})
_ROOT_DOCS: Final = {
    "apiVersion": "The version of the API this object is written in.",
    "kind": "The kind of the object.",
    # The API server allows no word about metadata.
    "metadata": "",
}


def rendered(schema: Schema, description: str = "") -> dict[str, Any]:
    """One node and everything below it."""
    schema = core_docs.described(schema, schema.get(rules.TYPE_NAME_KEY, ""))
    node: dict[str, Any] = {key: value for key, value in schema.items() if key not in _PRIVATE}
    model = schema.get(MODEL_KEY)
    docs = {**field_docs(model), **_ROOT_DOCS} if model else {}
    text = description or (model_doc(model) if model else "")
    if text:
        node["description"] = text
    if "properties" in node:
        node["properties"] = {
            name: rendered(part, _doc(model, docs, name)) for name, part in node["properties"].items()
        }
    for below in ("items", "additionalProperties"):
        if below in node:
            node[below] = rendered(node[below])
    if rules.KEY in schema:
        node["x-kubernetes-validations"] = [rule.as_validation() for rule in schema[rules.KEY]]
    return {key: node[key] for key in sorted(node, key=ORDER.index)}


def _doc(model: Any, docs: Mapping[str, str], name: str) -> str:
    if model is None:
        return ""
    if name not in docs:
        raise UndocumentedError(f"{model.__name__}.{name}")
    return docs[name]
