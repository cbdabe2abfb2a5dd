"""JSON objects as trees: taking a value out by its path, putting one in, laying one tree over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Tree = dict[str, Any]
Path = tuple[str, ...]


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final[Any] = _Nothing()


def path(dotted: str) -> Path:
    return tuple(dotted.split("."))


def clone(value: Any) -> Any:
    """A copy whose objects and lists are nobody else's."""
    if type(value) is dict:
        return {key: clone(item) for key, item in value.items()}
    if type(value) is list:
        return [clone(item) for item in value]
    return value


def get(tree: Any, where: Path) -> Any:
    for step in where:
        if type(tree) is not dict or step not in tree:
            return NOTHING
        tree = tree[step]
    return tree


def take(tree: Tree, where: Path) -> Any:
    """The value at the path, which is then no longer there; objects that become empty by it go, too."""
    step, *below = where
    if step not in tree:
        return NOTHING
    if not below:
        return tree.pop(step)
    inner = tree[step]
    if type(inner) is not dict:
        return NOTHING
    value = take(inner, tuple(below))
    if value is not NOTHING and not inner:
        del tree[step]
    return value


def put(tree: Tree, where: Path, value: Any) -> None:
    """Sets the value; what stands in the way and is no object gives way."""
    for step in where[:-1]:
        inner = tree.get(step)
        if type(inner) is not dict:
            inner = tree[step] = {}
        tree = inner
    tree[where[-1]] = value


def lay_over(under: Tree, over: Mapping[str, Any]) -> None:
    """Puts every leaf of `over` into `under`."""
    for key, value in over.items():
        below = under.get(key)
        if type(value) is dict and type(below) is dict:
            lay_over(below, value)
        else:
            under[key] = value
