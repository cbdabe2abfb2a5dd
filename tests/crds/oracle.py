"""A second opinion on the generated CRDs: JSON Schema with the API server's semantics, and cel-cpp for the rules.

It reads the rendered manifest, as the API server does, and shares nothing with `crds.validate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]  # it ships stubs without py.typed
from jsonschema import Draft4Validator, ValidationError
from jsonschema.validators import extend

from crds import meta
from crds.definition import definition
from crds.quantity import parse

Node = Mapping[str, Any]
_ABSENT: Any = object()


def refuses(kind: str, obj: Node, old: Node | None = None, version: str = meta.VERSION) -> list[str]:
    """Why the API server would refuse the object; empty when it would not."""
    schema = _rendered(kind, version)
    new = decoded(schema, obj)
    wrong = [str(error.message) for error in _validator(kind, version).iter_errors(new)]
    if wrong:
        return wrong
    before = _ABSENT if old is None else decoded(schema, old)
    return list(_broken_rules(schema, new, before))


def decoded(schema: Node, value: Any) -> Any:
    """What the API server makes of a value before it judges it: null is absent, unknown fields go, defaults come."""
    if isinstance(value, dict):
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
        known = {key: (properties.get(key, rest), item) for key, item in value.items() if item is not None}
        stored = {key: decoded(part, item) for key, (part, item) in known.items() if part is not None}
        return {key: part["default"] for key, part in properties.items() if "default" in part} | stored
    if isinstance(value, list):
        return [decoded(schema.get("items", {}), item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


@cache
def _rendered(kind: str, name: str) -> dict[str, Any]:
    (of_kind,) = (entry for entry in meta.KINDS if entry.kind == kind)
    (version,) = (one for one in definition(of_kind)["spec"]["versions"] if one["name"] == name)
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    del schema["properties"]["status"]
    return schema


@cache
def _validator(kind: str, version: str) -> Any:
    keywords = {
        "pattern": _pattern,
        "x-kubernetes-int-or-string": _int_or_string,
        "x-kubernetes-list-type": _list_type,
        "format": _format,
    }
    validator = extend(Draft4Validator, keywords)  # type: ignore[no-untyped-call]  # so are its stubs
    return validator(_rendered(kind, version))


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not re.search(pattern.removesuffix("$") + r"\Z", value, re.ASCII):
        yield ValidationError(f"{value!r} does not match {pattern}")


def _int_or_string(_: Any, __: Any, value: Any, ___: Any) -> Iterator[ValidationError]:
    if isinstance(value, bool) or not isinstance(value, int | str):
        yield ValidationError(f"{value!r} is neither integer nor string")


def _format(_: Any, name: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if name == "int32" and type(value) is int and not -(2**31) <= value < 2**31:
        yield ValidationError(f"{value} is no int32")
    if name == "date-time" and isinstance(value, str):
        try:
            date.fromisoformat(value[:10])
        except ValueError as error:
            yield ValidationError(f"{value}: {error}")
        if value[11:13] > "23" or value[14:16] > "59" or value[17:19] > "59":
            yield ValidationError(f"{value}: no such time")


def _list_type(_: Any, kind: str, value: Any, schema: Node) -> Iterator[ValidationError]:
    if kind == "atomic" or not isinstance(value, list):
        return
    keys = schema.get("x-kubernetes-list-map-keys")
    items = [
        tuple(repr(item.get(key)) for key in keys) if isinstance(item, dict) and keys else repr(item) for item in value
    ]
    if len(set(items)) < len(items):
        yield ValidationError("duplicate entry")


def _broken_rules(schema: Node, node: Any, old: Any) -> Iterator[str]:
    if old is not _ABSENT and node == old:
        return
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" in rule["rule"] and old is _ABSENT:
            continue
        if not holds(rule["rule"], node, old):
            yield rule["message"]
    if isinstance(node, dict):
        before = old if isinstance(old, dict) else {}
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
        for key, item in node.items():
            yield from _broken_rules(properties.get(key, rest), item, before.get(key, _ABSENT))
    elif isinstance(node, list):
        for item in node:
            yield from _broken_rules(schema.get("items", {}), item, _ABSENT)


def holds(expression: str, node: Any, old: Any = None) -> bool:
    """Whether a CEL rule is true of a node, by cel-cpp; an error of the rule is a failure of the test."""
    # Only the API server knows the escaped names of fields that are words of CEL's own.
    expression = re.sub(r"\.__(\w+?)__", r".\1", expression)
    value = _compiled(expression).eval(data={"self": node, "oldSelf": None if old is _ABSENT else old})
    assert value.type() == cel.Type.BOOL, f"{expression}: {value.value()}"
    return bool(value.value())


@cache
def _compiled(expression: str) -> Any:
    return _environment().compile(expression)


@cache
def _environment() -> Any:
    types = cel.Type
    quantity = cel.Overload("quantity", types.DOUBLE, [types.STRING], impl=lambda text: float(parse(text)))
    compare = cel.Overload(
        "compare",
        types.INT,
        [types.DOUBLE, types.DOUBLE],
        is_member=True,
        impl=lambda one, two: (one > two) - (one < two),
    )
    functions = [cel.FunctionDecl("quantity", [quantity]), cel.FunctionDecl("compareTo", [compare])]
    return cel.NewEnv(variables={"self": types.DYN, "oldSelf": types.DYN}, functions=functions)
