"""Fields an object has and its kind has not: the API server would drop them, or refuse them when asked to be strict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crds import meta
from crds.judgement import Path, text
from crds.schema import PRESERVE, Schema, structural


def unknown_fields(kind: str, obj: Mapping[str, Any], version: str = meta.VERSION) -> tuple[str, ...]:
    """The paths of fields outside the schema, in the object's order; never raises for JSON input."""
    schema = structural(kind, version)
    judged = {**schema["properties"], "metadata": {PRESERVE: True}}
    return tuple(text(path) for path in _walk({**schema, "properties": judged}, obj, ()))


def _walk(schema: Schema, value: Any, path: Path) -> Iterator[Path]:
    if PRESERVE in schema:
        return
    if isinstance(value, Mapping):
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
        for key, item in value.items():
            if key in properties:
                yield from _walk(properties[key], item, (*path, key))
            elif rest is None:
                yield (*path, key)
            else:
                yield from _walk(rest, item, (*path, f"[{key}]"))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _walk(schema["items"], item, (*path, index))
