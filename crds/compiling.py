"""From structural schemas to nodes, once a kind."""

from __future__ import annotations

from functools import cache
from typing import Any

from crds import meta
from crds.nodes import Boolean, List, Node, Object, Preserved
from crds.patterns import compiled
from crds.rules import KEY, WORDS_KEY
from crds.scalar_nodes import Integer, IntegerOrText, Number, Text
from crds.schema import PRESERVE, Schema, structural


@cache
def root(kind: str, version: str = meta.VERSION) -> Node:
    """The node that judges a whole object of the kind, but for its status: writes to the object do not reach that."""
    schema = structural(kind, version)
    judged = {name: part for name, part in schema["properties"].items() if name != "status"}
    return node({**schema, "properties": judged})


def node(schema: Schema) -> Node:
    rules = tuple(schema.get(KEY, ()))
    if PRESERVE in schema:
        return Preserved(rules=rules)
    if "x-kubernetes-int-or-string" in schema:
        return IntegerOrText(rules=rules, number=_integer(schema), text=_text(schema))
    match schema["type"]:
        case "object":
            return _object(schema, rules)
        case "array":
            return _list(schema, rules)
        case "string":
            return _text(schema, rules)
        case "integer":
            return _integer(schema, rules)
        case "number":
            return _number(schema, rules)
        case "boolean":
            return Boolean(rules=rules)
    raise ValueError(f"no node for type {schema['type']}")


def _object(schema: Schema, rules: tuple[Any, ...]) -> Object:
    parts = schema.get("properties", {})
    rest = schema.get("additionalProperties")
    return Object(
        rules=rules,
        properties={name: node(part) for name, part in parts.items()},
        required=tuple(schema.get("required", ())),
        defaults=tuple((name, part["default"]) for name, part in parts.items() if "default" in part),
        rest=None if rest is None else node(rest),
        at_most=schema.get("maxProperties"),
    )


def _list(schema: Schema, rules: tuple[Any, ...]) -> List:
    return List(
        rules=rules,
        items=node(schema["items"]),
        unique=schema.get("x-kubernetes-list-type") in ("set", "map"),
        keys=tuple(schema.get("x-kubernetes-list-map-keys", ())),
        at_least=schema.get("minItems", 0),
        at_most=schema.get("maxItems"),
    )


def _text(schema: Schema, rules: tuple[Any, ...] = ()) -> Text:
    pattern = schema.get("pattern")
    return Text(
        rules=rules,
        enum=tuple(schema.get("enum", ())),
        pattern=None if pattern is None else compiled(pattern),
        words=schema.get(WORDS_KEY, f"must match {pattern}"),
        at_least=schema.get("minLength", 0),
        at_most=schema.get("maxLength"),
        time=schema.get("format") == "date-time" and pattern is not None,
    )


def _integer(schema: Schema, rules: tuple[Any, ...] = ()) -> Integer:
    return Integer(
        rules=rules,
        least=schema.get("minimum"),
        most=schema.get("maximum"),
        format=schema.get("format", ""),
    )


def _number(schema: Schema, rules: tuple[Any, ...]) -> Number:
    return Number(
        rules=rules,
        least=schema.get("minimum"),
        most=schema.get("maximum"),
        beyond=schema.get("exclusiveMinimum", False),
    )
