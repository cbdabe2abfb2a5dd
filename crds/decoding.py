"""What the API server makes of an object before it looks at it: null is absent, unknown fields go, defaults come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds.schema import Schema

PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
# Beyond this a JSON number with a fraction point is no exact integer any more.
_EXACT: Final = 2**53 - 1


def decoded(schema: Schema, value: Any) -> Any:
    """A copy of `value` as it would be stored. Values of a wrong type are left for the checks to find."""
    if PRESERVE in schema:
        return value
    if isinstance(value, Mapping):
        return _object(schema, value)
    if isinstance(value, list) and "items" in schema:
        return [decoded(schema["items"], item) for item in value]
    if type(value) is float and value.is_integer() and abs(value) <= _EXACT and _takes_integers(schema):
        return int(value)
    return value


def _takes_integers(schema: Schema) -> bool:
    return schema.get("type") == "integer" or "x-kubernetes-int-or-string" in schema


def _object(schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
    result = {}
    for key, item in value.items():
        part = properties.get(key, rest)
        if part is not None and item is not None:
            result[key] = decoded(part, item)
    for key, part in properties.items():
        if "default" in part and key not in result:
            result[key] = part["default"]
    return result


def same(one: Any, other: Any) -> bool:
    """Equality as JSON knows it: true is not 1."""
    if type(one) is not type(other) or one != other:
        return False
    if isinstance(one, dict):
        return all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list):
        return all(map(same, one, other))
    return True
