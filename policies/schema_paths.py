"""Paths of fields as people write them, such as `spec.scaling.minReplicas`, looked up in the schema of a kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from crds.schema import structural
from policies.nearest import nearest

_STEP: Final = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")
LONGEST: Final = 256
_ANY: Final[Mapping[str, Any]] = {"additionalProperties": {}}
_METADATA: Final[Mapping[str, Any]] = {
    "properties": {
        "name": {},
        "namespace": {},
        "generateName": {},
        "labels": _ANY,
        "annotations": _ANY,
        "finalizers": {"items": {}},
        "ownerReferences": {"items": {}},
    }
}
"""What findings may be about of what the API server's own schema has."""


class Wrong(NamedTuple):
    """How far a path leads, and what is wrong with the next step of it."""

    depth: int
    has_hint: bool
    message: str


def wrong(kinds: Iterable[str], path: str) -> str:
    """Why no object of these kinds has such a field; "" where one has, and for what the schema refuses for its length.

    Told of the kind that the path fits longest.
    """
    if len(path) > LONGEST:
        return ""
    found = [_wrong(kind, path) for kind in sorted(kinds)]
    return "" if None in found else max(one for one in found if one).message


def _wrong(kind: str, path: str) -> Wrong | None:
    schema = structural(kind)
    node: Mapping[str, Any] = {"properties": {**schema["properties"], "metadata": _METADATA}}
    so_far = kind
    for depth, (name, entry) in enumerate(_steps(path)):
        below = _below(node, name, entry)
        if below is None:
            likely = nearest(name, node.get("properties", ())) if name else None
            hint = f"; did you mean {likely}?" if likely else ""
            return Wrong(depth, bool(hint), f"{so_far} has no {f'field {name}' if name else 'entries'}{hint}")
        node, so_far = below, f"{so_far}.{name}" if name else f"{so_far}[{entry}]"
    return None


def _below(node: Mapping[str, Any], name: str, entry: str) -> Mapping[str, Any] | None:
    if name and name in node.get("properties", {}):
        below = node["properties"][name]
    else:
        below = node.get("additionalProperties", None if name else node.get("items"))
    return below if isinstance(below, Mapping) else None


def _steps(path: str) -> Iterator[tuple[str, str]]:
    """Each step as the name of a field, or as what stands in brackets."""
    yield from _STEP.findall(path)
