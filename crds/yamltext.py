"""Plain data as YAML text, always the same for the same data.

The generated manifests are written by this and read by everybody's YAML, so it stays with the simplest forms: block
mappings and lists, strings (ASCII, as all our texts are) in double quotes unless they cannot be anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
# Words that some YAML reader takes for a boolean or for null.
_TAKEN: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def dump(data: Any) -> str:
    return "\n".join(_lines(data, "")) + "\n"


def _lines(data: Any, indent: str) -> Iterator[str]:
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _entry(f"{indent}{_scalar(key)}:", value, indent)
    elif isinstance(data, list) and data:
        for item in data:
            yield from _item(item, indent)
    else:
        yield indent + _scalar(data)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield head
        yield from _lines(value, indent + "  ")
    elif isinstance(value, list) and value:
        yield head
        yield from _lines(value, indent)
    else:
        yield f"{head} {_scalar(value)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    """The first line of an item stands beside its dash."""
    lines = _lines(item, indent + "  ")
    yield f"{indent}- {next(lines)[len(indent) + 2 :]}"
    yield from lines


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _TAKEN:
        return value
    return json.dumps(value)
