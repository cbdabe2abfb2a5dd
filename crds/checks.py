"""Judges a decoded value against a structural schema, as the API server does, in our words."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from crds.decoding import PRESERVE, same
from crds.findings import ABSENT, Finding, Reason
from crds.patterns import is_date_time, matches
from crds.rules import KEY, WORDS_KEY, Rule
from crds.schema import Schema

Path = tuple[str | int, ...]

_TYPES: Final[Mapping[str, tuple[type, str]]] = {
    "object": (dict, "an object"),
    "array": (list, "a list"),
    "string": (str, "text"),
    "boolean": (bool, "true or false"),
    "integer": (int, "an integer"),
}
_INT32: Final = 2**31
_INT64: Final = 2**63


@dataclass(slots=True)
class Judgement:
    """What a walk found: findings, where values are too broken to be reasoned about, and the rules still to ask."""

    findings: list[Finding] = field(default_factory=list)
    malformed: list[Path] = field(default_factory=list)
    rules: list[tuple[Path, Rule, Any, Any]] = field(default_factory=list)

    def add(self, path: Path, reason: Reason, message: str, value: Any = ABSENT, *, malformed: bool = False) -> None:
        self.findings.append(Finding(text(path), reason, message, value))
        if malformed:
            self.malformed.append(path)


def text(path: Path) -> str:
    """`spec.queues[0].name`; keys of free maps are in brackets already."""
    parts = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif step.startswith("["):
            parts.append(step)
        else:
            parts.append(f".{step}")
    return "".join(parts).removeprefix(".")


def check(schema: Schema, value: Any, old: Any, path: Path, into: Judgement) -> None:
    """Walks `value`. What is unchanged since `old` is not judged: the API server tolerates it too."""
    if PRESERVE in schema or (old is not ABSENT and same(value, old)):
        return
    if "x-kubernetes-int-or-string" in schema:
        if type(value) not in (int, str):
            into.add(path, Reason.TYPE_INVALID, "must be an integer or text", value, malformed=True)
            return
    elif not _has_type(schema, value):
        into.add(path, Reason.TYPE_INVALID, f"must be {_TYPES[schema['type']][1]}", value, malformed=True)
        return
    if isinstance(value, dict):
        _object(schema, value, old, path, into)
    elif isinstance(value, list):
        _list(schema, value, old, path, into)
    elif isinstance(value, str):
        _string(schema, value, path, into)
    elif isinstance(value, int):
        _integer(schema, value, path, into)
    for rule in schema.get(KEY, ()):
        into.rules.append((path, rule, value, old))


def _has_type(schema: Schema, value: Any) -> bool:
    name = schema["type"]
    if name == "integer":
        bound = _INT32 if schema.get("format") == "int32" else _INT64
        return type(value) is int and -bound <= value < bound
    return type(value) is _TYPES[name][0]


def _object(schema: Schema, value: dict[str, Any], old: Any, path: Path, into: Judgement) -> None:
    before = old if isinstance(old, dict) else {}
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
    for key in schema.get("required", ()):
        if key not in value:
            into.add((*path, key), Reason.REQUIRED, "must be set", malformed=True)
    for key, item in value.items():
        if key in properties:
            check(properties[key], item, before.get(key, ABSENT), (*path, key), into)
        elif rest is not None:
            check(rest, item, before.get(key, ABSENT), (*path, f"[{key}]"), into)
    most = schema.get("maxProperties")
    if most is not None and len(value) > most:
        into.add(path, Reason.TOO_MANY, f"{len(value)} entries, at most {most}")


def _list(schema: Schema, value: list[Any], old: Any, path: Path, into: Judgement) -> None:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys", ())
    before = {}
    if kind == "map" and isinstance(old, list):
        before = {_identity(item, keys): item for item in old}
    seen: set[Hashable] = set()
    for index, item in enumerate(value):
        identity = _identity(item, keys)
        check(schema["items"], item, before.get(identity, ABSENT), (*path, index), into)
        if kind in ("set", "map") and identity is not None:
            if identity in seen:
                shown = {key: item[key] for key in keys} if keys else item
                into.add((*path, index), Reason.DUPLICATE, "is in the list already", shown)
            seen.add(identity)
    if len(value) > schema.get("maxItems", len(value)):
        into.add(path, Reason.TOO_MANY, f"{len(value)} entries, at most {schema['maxItems']}")
    if len(value) < schema.get("minItems", 0):
        into.add(path, Reason.INVALID, f"must have at least {_entries(schema['minItems'])}", value)


def _identity(item: Any, keys: Sequence[str]) -> Hashable:
    """What makes an entry of a set or map list the same as another; None for an entry without it."""
    if not keys:
        return repr(item)
    if isinstance(item, dict) and all(key in item for key in keys):
        return tuple(repr(item[key]) for key in keys)
    return None


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _string(schema: Schema, value: str, path: Path, into: Judgement) -> None:
    if "enum" in schema and value not in schema["enum"]:
        into.add(path, Reason.NOT_SUPPORTED, f"must be one of {', '.join(schema['enum'])}", value, malformed=True)
    if len(value) > schema.get("maxLength", len(value)):
        into.add(path, Reason.TOO_LONG, f"{len(value)} characters, at most {schema['maxLength']}", value)
    if len(value) < schema.get("minLength", 0):
        least = schema["minLength"]
        message = "must not be empty" if least == 1 else f"at least {least} characters"
        into.add(path, Reason.INVALID, message, value, malformed=True)
    elif "pattern" in schema and not matches(schema["pattern"], value):
        into.add(
            path, Reason.INVALID, schema.get(WORDS_KEY) or f"must match {schema['pattern']}", value, malformed=True
        )
    elif schema.get("format") == "date-time" and "pattern" in schema and not is_date_time(value):
        into.add(path, Reason.INVALID, "there is no such day or time", value, malformed=True)


def _integer(schema: Schema, value: int, path: Path, into: Judgement) -> None:
    if value > schema.get("maximum", value):
        into.add(path, Reason.INVALID, f"at most {schema['maximum']}", value)
    if value < schema.get("minimum", value):
        into.add(path, Reason.INVALID, f"at least {schema['minimum']}", value)
