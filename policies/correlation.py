"""The field of a finding, named by what stays when a list shifts: `spec.env[('A',)].name` for `spec.env[3].name`.

Entries are told apart as the API server does it: those of a map list by their keys, those of a set by themselves, those
of an atomic list, and whatever the schema does not know, by their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crds.nodes import identity
from crds.schema import structural
from policies.facts import Object

_STEP: Final = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")
_KEYS: Final = "x-kubernetes-list-map-keys"


def correlated(kind: str, obj: Object, field: str) -> str:
    """The field with each entry of a list by its identity: the same in two states of one object."""
    return "".join(_named(structural(kind), obj, field)) if "[" in field else field


def _named(schema: Mapping[str, Any], value: Any, field: str) -> Iterator[str]:
    for step in _STEP.finditer(field):
        name, entry = step.groups()
        if name is None and isinstance(value, list):
            value = value[int(entry)] if entry.isdecimal() and int(entry) < len(value) else None
            yield f"[{_entry(schema, value, entry)}]"
            schema = schema.get("items", {})
        else:
            key = entry if name is None else name
            value = value.get(key) if isinstance(value, Mapping) else None
            yield f".{key}" if entry is None else f"[{key}]"
            below = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
            schema = below if isinstance(below, Mapping) else {}


def _entry(schema: Mapping[str, Any], item: Any, place: str) -> str:
    """What tells an entry of a list from the others; its place where nothing else does."""
    if item is None or (_KEYS not in schema and schema.get("x-kubernetes-list-type") != "set"):
        return place
    return str(identity(item, schema.get(_KEYS, ())) or place)
