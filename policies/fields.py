"""Reading fields of objects that may not satisfy their schema.

`/default` sees what the user sent before the API server has checked it, so a rule must not trust a type. A field of the
wrong type reads as absent here: the static findings already name it, and one mistake is reported once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

NOTHING: Final[Mapping[str, Any]] = {}


def dig(obj: Any, *path: str) -> Any:
    """The value at a path of keys, or None where any step of it is missing."""
    for key in path:
        if type(obj) is not dict:
            return None
        obj = obj.get(key)
    return obj


# Written out where it is asked for dozens of times a decision: a call costs as much as the look-up.
def mapping(obj: Any, *path: str) -> Mapping[str, Any]:
    for key in path:
        if type(obj) is not dict:
            return NOTHING
        obj = obj.get(key)
    return obj if isinstance(obj, dict) else NOTHING


def listing(obj: Any, *path: str) -> Sequence[Any]:
    value = dig(obj, *path)
    return value if isinstance(value, list) else ()


def text(obj: Any, *path: str) -> str:
    for key in path:
        if type(obj) is not dict:
            return ""
        obj = obj.get(key)
    return obj if isinstance(obj, str) else ""


def integer(obj: Any, *path: str) -> int | None:
    """A JSON integer; true and false are none, although Python counts them as 1 and 0."""
    value = dig(obj, *path)
    return value if type(value) is int else None


def strings(obj: Any, *path: str) -> tuple[str, ...]:
    return tuple(item for item in listing(obj, *path) if isinstance(item, str))


def items(obj: Any, *path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a list with the path of each: `("spec.env[2]", {...})`."""
    prefix = ".".join(path)
    for index, item in enumerate(listing(obj, *path)):
        if isinstance(item, dict):
            yield f"{prefix}[{index}]", item
