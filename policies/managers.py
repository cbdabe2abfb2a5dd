"""Who manages which field, as `metadata.managedFields` says it: sets of paths, compared between two states.

A manager's name is the client's own word, so it serves for a hint and never for a refusal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from itertools import islice
from typing import Any, Final

from policies.facts import Object
from policies.fields import items, mapping, text

GITOPS: Final = frozenset(
    {"argocd-controller", "argocd-application-controller", "kustomize-controller", "helm-controller"}
)
"""Argo CD's and Flux's managers of fields."""

MAX_PATHS: Final = 2048
"""Fields of one manager that are looked at. Objects of ours have some hundred at most."""

Path = tuple[str, ...]
"""Steps as fieldsV1 writes them: `f:spec`, and `k:{"name":"a"}` for an entry of a list."""


def manages(obj: Object, names: Set[str]) -> bool:
    """Whether one of these managers owns anything at all of an object."""
    return any(text(entry, "manager") in names for _, entry in items(obj, "metadata", "managedFields"))


def managed(obj: Object, names: Set[str]) -> dict[Path, str]:
    """The fields below spec and labels that one of these managers owns, with its name."""
    found: dict[Path, str] = {}
    for _, entry in items(obj, "metadata", "managedFields"):
        manager = text(entry, "manager")
        if manager in names and not text(entry, "subresource"):
            for path in _leaves(mapping(entry, "fieldsV1"), ()):
                if len(found) >= MAX_PATHS:
                    return found
                if path[:1] == ("f:spec",) or path[:2] == ("f:metadata", "f:labels"):
                    found.setdefault(path, manager)
    return found


def owned(entry: Mapping[str, Any]) -> Iterator[Path]:
    """The fields of one entry of managedFields, at most as many as are ever looked at."""
    return islice(_leaves(mapping(entry, "fieldsV1"), ()), MAX_PATHS)


def taken(old: Object, new: Object, names: Set[str]) -> Iterator[tuple[Path, str]]:
    """The fields that one of the managers owned before and none does now, and whose value is another."""
    before, after = managed(old, names), managed(new, names)
    for path, manager in before.items():
        if path not in after and value(old, path) != value(new, path):
            yield path, manager


def wrote(old: Object, new: Object, names: Set[str]) -> bool:
    """Whether one of the managers makes this change: the API server then notes the time with what it owns.

    It does not where another only takes fields away, and neither where a manager gives up fields without setting any.
    """
    return not _times(new, names) <= _times(old, names)


def _times(obj: Object, names: Set[str]) -> set[tuple[str, str, str]]:
    return {
        (manager, text(entry, "operation"), text(entry, "time"))
        for _, entry in items(obj, "metadata", "managedFields")
        if (manager := text(entry, "manager")) in names and not text(entry, "subresource")
    }


def value(obj: Any, path: Path) -> Any:
    """The value at a path, or None."""
    for step in path:
        kind, _, key = step.partition(":")
        if kind == "f" and isinstance(obj, dict):
            obj = obj.get(key)
        elif kind == "k" and isinstance(obj, list):
            obj = next((item for item in obj if _is(item, key)), None)
        elif kind == "v" and isinstance(obj, list):
            obj = key if _read(key) in obj else None
        else:
            return None
    return obj


def dotted(path: Path) -> str:
    """The path as findings write it: `spec.queues[name=a].weight`."""
    words = ""
    for step in path:
        kind, _, key = step.partition(":")
        if kind == "f":
            words += f".{key}" if key.isidentifier() else f"[{key}]"
        else:
            read = _read(key)
            entry = ",".join(f"{name}={item}" for name, item in read.items()) if isinstance(read, dict) else key
            words += f"[{entry}]"
    return words.removeprefix(".")


def _leaves(fields: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for step, below in fields.items():
        if step == ".":
            continue
        if isinstance(below, dict) and any(key != "." for key in below):
            yield from _leaves(below, (*path, step))
        else:
            yield (*path, step)


def _is(item: Any, keys: str) -> bool:
    read = _read(keys)
    return isinstance(item, dict) and isinstance(read, dict) and all(item.get(key) == one for key, one in read.items())


def _read(key: str) -> Any:
    try:
        return json.loads(key)
    except ValueError:
        return None
