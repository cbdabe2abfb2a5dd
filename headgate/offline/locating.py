"""Where in a file a field stands, for findings that name a field and people who look for a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import yaml

from webhooks import manifests
from webhooks.manifests import Manifest
from webhooks.yamlform import Node

_STEP: Final = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")


class Place(NamedTuple):
    """A line and a column, both from 1."""

    line: int
    column: int


BEGINNING: Final = Place(1, 1)


def steps(field: str) -> Iterator[str]:
    """The keys and indices of a path such as `spec.queues[0].name` or `metadata.labels[team]`."""
    for plain, bracketed in _STEP.findall(field):
        yield plain or bracketed


def place(manifest: Manifest, field: str) -> Place:
    """Of the field, or of the nearest thing around it that is there."""
    node, mark = manifest.node, None
    for step in steps(field):
        match node:
            case yaml.MappingNode():
                key, node = next(((key, value) for key, value in node.value if key.value == step), (None, None))
                mark = key.start_mark if key is not None else mark
            case yaml.SequenceNode() if step.isdigit() and int(step) < len(node.value):
                node = node.value[int(step)]
                mark = node.start_mark
            case _:
                node = None
        if node is None:
            break
    if mark is None:
        mark = _start(manifest.node)
    return BEGINNING if mark is None else Place(mark.line + 1, mark.column + 1)


def label(manifest: Manifest) -> str:
    """The file as people are told of it."""
    return manifests.label(manifest.path)


def _start(node: Node | None) -> yaml.Mark | None:
    return None if node is None else node.start_mark
