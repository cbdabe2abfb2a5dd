"""YAML as kubectl reads it: YAML 1.1 for booleans, no dates, and where in the file each value stands.

PyYAML alone would make a date of an unquoted `2027-01-31T00:00:00Z` and 750 of `12:30`; kubectl hands on both as the
text they are. What is read is bounded: anchors may not blow a small file up into a large object.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

Node = yaml.Node

MAX_NODES: Final = 4_000_000
"""Values in one document with every alias spelled out: some 50,000 objects in one List. A chain of ten anchors, each
naming the last one ten times, would be ten thousand million."""

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


MAX_DEPTH: Final = 200
"""Levels of nesting. A pod template has about 15, and the C library's stack ends at some ten thousand."""


class Loader(_BASE):  # type: ignore[misc] # which base it is depends on how PyYAML was built
    """The safe loader with the plain scalars of sigs.k8s.io/yaml."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 - PyYAML keeps them in a dictionary of the class
    _depth = 0

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Called on the way into every value, which makes it the one place where depth can be seen."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} levels deep")

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        """Keys are text in JSON; `1: a` and `on: b` get the text of what they were read as."""
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag in _NO_TEXT:
                key.value, key.tag = str(self.yaml_constructors[key.tag](self, key)).lower(), "tag:yaml.org,2002:str"
        constructed: dict[str, Any] = super().construct_mapping(node, deep)
        return constructed


_NO_TEXT: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null"))


def _plain(tag: str, pattern: str, first: str) -> None:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


_TRUE: Final = "y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON"
_FALSE: Final = "n|N|no|No|NO|false|False|FALSE|off|Off|OFF"
_plain("bool", f"{_TRUE}|{_FALSE}", "yYnNtTfFoO")
_plain("int", r"[-+]?(?:0|[1-9][0-9_]*|0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+)", "-+0123456789")
_NUMBER: Final = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_plain("float", _NUMBER + r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+0123456789.")
_plain("merge", "<<", "<")
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])


def _bool(loader: Any, node: yaml.ScalarNode) -> bool:
    return re.fullmatch(_TRUE, loader.construct_scalar(node)) is not None


def _int(loader: Any, node: yaml.ScalarNode) -> int:
    written = loader.construct_scalar(node).replace("_", "")
    sign, digits = (-1 if written.startswith("-") else 1), written.lstrip("+-")
    if re.fullmatch("0[0-7]+", digits):
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def _float(loader: Any, node: yaml.ScalarNode) -> float:
    number: float = loader.construct_yaml_float(node)
    if not math.isfinite(number):
        raise ValueError(f"line {node.start_mark.line + 1}: JSON has no {node.value}")
    return number


def _refuse(_loader: Any, node: Node) -> None:
    raise ValueError(f"line {node.start_mark.line + 1}: JSON has nothing like {node.tag}")


Loader.add_constructor("tag:yaml.org,2002:bool", _bool)
Loader.add_constructor("tag:yaml.org,2002:float", _float)
for _tag in ("timestamp", "binary", "set", "omap", "pairs"):
    Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _refuse)
Loader.add_constructor("tag:yaml.org,2002:int", _int)


def documents(content: bytes) -> Iterator[tuple[Any, Node | None]]:
    """Each document's value and its node; both None for an empty one. Raises yaml.YAMLError or ValueError."""
    loader = Loader(content)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                yield None, None
                continue
            _refuse_bombs(node)
            yield loader.construct_document(node), node
    finally:
        loader.dispose()


def _refuse_bombs(root: Node) -> None:
    if _size(root, {}) > MAX_NODES:
        raise ValueError(f"its aliases stand for more than {MAX_NODES} values")


def _size(node: Node, known: dict[int, int]) -> int:
    """How many values a node is with its aliases spelled out; a node that holds itself is endless."""
    size = known.get(id(node))
    if size is None:
        known[id(node)] = MAX_NODES + 1
        size = known[id(node)] = 1 + sum(_size(below, known) for below in _children(node))
    return size


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def below(node: Node | None, *steps: str | int) -> Node | None:
    """The node of a value at a path of keys and indices, or None where there is none."""
    for step in steps:
        match node:
            case yaml.MappingNode():
                node = next((value for key, value in node.value if key.value == step), None)
            case yaml.SequenceNode() if isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            case _:
                return None
    return node
