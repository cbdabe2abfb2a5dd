"""A changed object as edits of the text it was read from: what stays keeps its comments, its order and its quotes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from headgate.offline.locating import Place
from webhooks.yamlform import Node


class Edit(NamedTuple):
    """Put `text` in place of what stands from `start` up to `end`."""

    start: Place
    end: Place
    text: str


def edits(node: Node | None, old: Any, new: Any) -> tuple[Edit, ...]:
    """What makes the text of `old` one of `new`. Nothing where it cannot be told, as in a text with aliases."""
    if node is None or not _plain(node, set()):
        return ()
    return tuple(_edits(node, old, new, in_list=False))


def _plain(node: Node, seen: set[int]) -> bool:
    """Whether every part stands where it counts: no alias, no merged mapping, no block of text."""
    if id(node) in seen:
        return False
    seen.add(id(node))
    match node:
        case yaml.MappingNode():
            return all(key.value != "<<" and _plain(key, seen) and _plain(value, seen) for key, value in node.value)
        case yaml.SequenceNode():
            return all(_plain(item, seen) for item in node.value)
        case _:
            return isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">")


def _edits(node: Node, old: Any, new: Any, *, in_list: bool) -> Iterator[Edit]:
    if old == new and type(old) is type(new):
        return
    match node, old, new:
        case yaml.MappingNode(flow_style=False), dict(), dict() if _in_place(node, new, in_list=in_list):
            yield from _of_mapping(node, old, new)
        case yaml.SequenceNode(flow_style=False), list(), list() if len(old) == len(new) == len(node.value):
            for item, before, after in zip(node.value, old, new, strict=True):
                yield from _edits(item, before, after, in_list=True)
        case _:
            yield _replaced(node, new)


def _in_place(node: yaml.MappingNode, new: Mapping[str, Any], *, in_list: bool) -> bool:
    """Whether keys can come and go: one stays, and that of an item that shares its line with the dash."""
    names = [key.value for key, _ in node.value]
    return names[0] in new if in_list else any(name in new for name in names)


def _of_mapping(node: yaml.MappingNode, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Edit]:
    at = _place(node.value[0][0].start_mark)
    if added := [f"{key}: {_json(value)}\n{' ' * (at.column - 1)}" for key, value in new.items() if key not in old]:
        yield Edit(at, at, "".join(added))
    for key, value in node.value:
        if key.value in new:
            yield from _edits(value, old.get(key.value), new[key.value], in_list=False)
        else:
            last = _end(value if value.value else key).line
            yield Edit(Place(_place(key.start_mark).line, 1), Place(last + 1, 1), "")


def _replaced(node: Node, new: Any) -> Edit:
    start, end = _place(node.start_mark), _end(node)
    # A value that was empty has no blank before it, and a list may begin in its key's own column.
    room = " " if start == end or (isinstance(node, yaml.SequenceNode) and not node.flow_style) else ""
    return Edit(start, end, room + _json(new))


def _end(node: Node) -> Place:
    """Where the last character of it stands; the parser's own mark of a block is where the next thing begins."""
    match node:
        case yaml.MappingNode(flow_style=False):
            return _end(node.value[-1][1] if node.value[-1][1].value else node.value[-1][0])
        case yaml.SequenceNode(flow_style=False):
            return _end(node.value[-1])
        case _:
            return _place(node.end_mark)


def _place(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _json(value: Any) -> str:
    """JSON is YAML, on one line."""
    return json.dumps(value, ensure_ascii=False)
