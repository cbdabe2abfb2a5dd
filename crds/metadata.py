"""The parts of metadata that people get wrong, checked as the API server checks them.

Its own check comes after the webhooks, so without this a mistyped label would only show in a second round.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from crds.findings import Reason
from crds.judgement import Judgement, Path
from crds.patterns import matches

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_PREFIX: Final = rf"^{_LABEL}(\.{_LABEL})*$"
_NAME: Final = "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
_LONGEST_KEY: Final = 253 + 1 + 63
_NAMED: Final[Path] = ("metadata", "name")


def check(obj: Any, into: Judgement) -> None:
    metadata = obj.get("metadata") if isinstance(obj, Mapping) else None
    if not isinstance(metadata, Mapping):
        metadata = {}
    _name(metadata, into)
    for part in ("labels", "annotations"):
        _map(part, metadata.get(part), into)


def _name(metadata: Mapping[str, Any], into: Judgement) -> None:
    if metadata.get("name"):
        return
    if metadata.get("generateName"):
        # Rules that speak of the name cannot be asked before there is one.
        into.malformed.append(_NAMED)
    else:
        into.add_malformed(_NAMED, Reason.REQUIRED, "name or generateName must be set")


def _map(part: str, entries: Any, into: Judgement) -> None:
    if entries is None:
        return
    if not isinstance(entries, Mapping):
        into.add(("metadata", part), Reason.TYPE_INVALID, "must be an object", entries)
        return
    for key, value in entries.items():
        path = ("metadata", part, f"[{key}]")
        if not is_label_key(key if part == "labels" else key.lower()):
            into.add(path, Reason.INVALID, "the key must be a name of at most 63 characters, or domain/name")
        if not isinstance(value, str):
            into.add(path, Reason.TYPE_INVALID, "must be text", value)
        elif part == "labels" and not is_label_value(value):
            into.add(
                path, Reason.INVALID, "at most 63 letters, digits, -, _ and ., beginning and ending with one", value
            )


def is_label_key(key: str) -> bool:
    return len(key) <= _LONGEST_KEY and _is_label_key(key)


@lru_cache(maxsize=1024)
def _is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    named = 0 < len(name) <= 63 and matches(_NAME, name)
    return named and (not slash or (0 < len(prefix) <= 253 and matches(_PREFIX, prefix)))


def is_label_value(value: str) -> bool:
    return not value or (len(value) <= 63 and matches(_NAME, value))
