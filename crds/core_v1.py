"""The trimmed schema of core/v1 types, read once from `core_v1.json` beside it (made by `crds.core_import`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from crds import quantity


@cache
def _definitions() -> Mapping[str, Any]:
    text = files("crds").joinpath("core_v1.json").read_text(encoding="utf-8")
    definitions: dict[str, Any] = json.loads(text)
    definitions["Quantity"] = {
        "x-kubernetes-int-or-string": True,
        "pattern": quantity.PATTERN,
        "maxLength": quantity.MAX_LENGTH,
    }
    return definitions


@cache
def definition(name: str) -> dict[str, Any]:
    """A type with everything below it spelled out."""
    return _inlined(_definitions()[name])


def _inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        siblings = {key: value for key, value in schema.items() if key != "$ref"}
        return {**definition(schema["$ref"]), **siblings}
    node = dict(schema)
    if "properties" in node:
        node["properties"] = {key: _inlined(part) for key, part in node["properties"].items()}
    for below in ("items", "additionalProperties"):
        if below in node:
            node[below] = _inlined(node[below])
    return node
