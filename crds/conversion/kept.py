"""The annotation in which one version's words travel through the other, and how it is written.

`{"v1": {"rest": ..., "exact": ...}}` on objects of v1beta1, the same under `v1beta1` on those of v1. `rest` is a spec
with what the other version has no words for; `exact` has, by the name of a lens, what its words do not say exactly.
Where that would be more than annotations can hold, `{"v1": {"tooLarge": true}}` stands instead: the object can be read,
so that a list with it is a list, and cannot be written, so that nothing is lost.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crds import meta
from crds.conversion.trees import Tree

ANNOTATION: Final = meta.ANNOTATION_CONVERSION_DATA
TOO_LARGE: Final = "tooLarge"
PACKED: Final = "zlib:"
PACKED_FROM: Final = 8 * 1024
"""Characters. All annotations of an object may be 256 KiB together, and a pod template can be larger than that."""

MOST: Final = 256 * 1024
"""Bytes of all annotations of an object together, keys and values: what the API server takes."""

LARGEST: Final = 3 * 1024 * 1024
"""Of what a packed annotation may be unpacked to: as much as the API server takes of any object."""


@dataclass(frozen=True, slots=True)
class Kept:
    rest: Tree = field(default_factory=dict)
    exact: Mapping[str, Any] = field(default_factory=dict)
    too_large: bool = False


def read(metadata: Any, version: str) -> Kept:
    """What is kept for a version. Whatever is no text of ours counts as nothing: users can write annotations."""
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    text = annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None
    data = _decoded(text).get(version) if isinstance(text, str) else None
    if not isinstance(data, dict):
        return Kept()
    rest, exact = data.get("rest"), data.get("exact")
    too_large = data.get(TOO_LARGE) is True
    return Kept(rest if isinstance(rest, dict) else {}, exact if isinstance(exact, dict) else {}, too_large)


def written(metadata: Any, version: str, kept: Kept) -> Any:
    """The metadata with what is kept for a version in it, and with nothing kept for any other."""
    if not isinstance(metadata, Mapping):
        metadata = {}
    annotations = metadata.get("annotations")
    others = {key: value for key, value in annotations.items() if key != ANNOTATION} if _is_map(annotations) else {}
    data = {name: part for name, part in (("rest", kept.rest), ("exact", kept.exact)) if part}
    if data:
        text = _encoded({version: data})
        room = MOST - sum(len(str(part).encode()) for pair in others.items() for part in pair)
        fits = len(ANNOTATION) + len(text.encode()) <= room
        others[ANNOTATION] = text if fits else _encoded({version: {TOO_LARGE: True}})
    result = {key: value for key, value in metadata.items() if key != "annotations"}
    if others or (_is_map(annotations) and not annotations):
        result["annotations"] = others
    elif annotations is not None and not _is_map(annotations):
        result["annotations"] = annotations
    return result


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def _encoded(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    if len(text) < PACKED_FROM:
        return text
    return PACKED + base64.b85encode(zlib.compress(text.encode(), 6)).decode()


def _decoded(text: str) -> dict[str, Any]:
    try:
        if text.startswith(PACKED):
            unpacking = zlib.decompressobj()
            text = unpacking.decompress(base64.b85decode(text[len(PACKED) :]), LARGEST).decode()
        data = json.loads(text)
    except (ValueError, zlib.error, binascii.Error, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
