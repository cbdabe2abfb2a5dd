"""The pools to play, out of manifests and changes to them, each judged as the API server would judge it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

import orjson

from crds import Finding, Reason, meta, unknown_fields, validate
from headgate.simulation.pools import PoolError

Object = Mapping[str, Any]
MOST_FINDINGS: Final = 5


def judged(obj: Object, name: str) -> Object:
    """The object itself. Raises PoolError with what the API server would say to kubectl against it."""
    unknown = [Finding(path, Reason.INVALID, "unknown field") for path in unknown_fields(obj["kind"], obj)]
    if findings := [*unknown, *validate(obj["kind"], obj)]:
        raise PoolError(f"{name} would be refused:{''.join(_bullets(findings))}")
    return obj


def changed(pool: Object, change: str) -> Object:
    """The pool with one or more `path=value`, joined by commas. Raises PoolError."""
    found = deepcopy(dict(pool))
    for part in change.split(","):
        path, equals, text = (one.strip() for one in part.partition("="))
        keys = path.removeprefix("spec.").split(".")
        if not equals or not all(keys):
            raise PoolError(f"{part.strip()!r} is not of the form scaling.wait.target=1m")
        _put(found["spec"], keys, _value(text), part.strip())
    return judged(found, change)


def named(objects: Iterable[Object], kind: str) -> dict[str, Object]:
    """Those of a kind, by name; what has none is refused by its place. Raises PoolError."""
    found = [obj for obj in objects if obj.get("kind") == kind and str(obj.get("apiVersion")).startswith(meta.GROUP)]
    names = [_name(obj, number) for number, obj in enumerate(found, 1)]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise PoolError(f"there are several of kind {kind} with the name {twice[0]}: give one of them another")
    return {_name(obj, number): judged(obj, f"{kind} {_name(obj, number)}") for number, obj in enumerate(found, 1)}


def _name(obj: Object, number: int) -> str:
    metadata = obj.get("metadata")
    return str(metadata.get("name") or number) if isinstance(metadata, Mapping) else str(number)


def _bullets(findings: Sequence[Finding]) -> list[str]:
    lines = [f"\n* {finding.line()}" for finding in findings[:MOST_FINDINGS]]
    left = len(findings) - MOST_FINDINGS
    return [*lines, f"\n* and {left} more"] if left > 0 else lines


def _put(node: Any, keys: Sequence[str], value: Any, part: str) -> None:
    for key in keys[:-1]:
        node = _below(node, key, part)
    if not isinstance(node, dict):
        raise PoolError(f"{part!r} sets {keys[-1]} of what is no object")
    node[keys[-1]] = value


def _below(node: Any, key: str, part: str) -> Any:
    """What stands at a key; in a list, the entry of that name. A path that is not there is made."""
    if isinstance(node, list):
        found = [entry for entry in node if isinstance(entry, dict) and entry.get("name") == key]
        if not found:
            raise PoolError(f"{part!r} goes to {key}, which no entry of the list is named")
        return found[0]
    if not isinstance(node, dict):
        raise PoolError(f"{part!r} goes through {key}, which is no object")
    return node.setdefault(key, {})


def _value(text: str) -> Any:
    """Numbers and true and false as JSON has them; everything else is text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, bool | int | float) else text
