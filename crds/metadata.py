"""The parts of metadata that people get wrong, checked as the API server checks them.

Its own check comes after the webhooks, so without this a mistyped label would only show in a second round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds.checks import Judgement
from crds.findings import Reason
from crds.patterns import matches

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_PREFIX: Final = rf"^{_LABEL}(\.{_LABEL})*$"
_NAME: Final = "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"


def check(obj: Any, into: Judgement) -> None:
    metadata = obj.get("metadata") if isinstance(obj, Mapping) else None
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    if not isinstance(labels, Mapping):
        return
    for key, value in labels.items():
        path = ("metadata", "labels", f"[{key}]")
        if not is_label_key(key):
            into.add(path, Reason.INVALID, "the key must be a name of at most 63 characters, or domain/name")
        if isinstance(value, str) and not is_label_value(value):
            into.add(
                path, Reason.INVALID, "at most 63 letters, digits, -, _ and ., beginning and ending with one", value
            )


def is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    named = 0 < len(name) <= 63 and matches(_NAME, name)
    return named and (not slash or (0 < len(prefix) <= 253 and matches(_PREFIX, prefix)))


def is_label_value(value: str) -> bool:
    return not value or (len(value) <= 63 and matches(_NAME, value))
