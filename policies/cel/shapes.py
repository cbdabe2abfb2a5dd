"""How large a value can be: what the cost of a rule is reckoned with.

All input of a rule, its object and its old object, is at most `MOST_INPUT` characters of JSON; whoever asks a rule
makes sure of that. So a text without a `maxLength` has at most so many characters, and what a loop sees of its list in
all its rounds is together no more than that either. A shape knows both numbers: `size` is what one value may be, `mean`
what it is on average over the rounds of the loops around it. Whatever grows in step with its input may be reckoned
with the mean; what grows faster (`replace`, collecting in a loop) must be reckoned with the size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from crds.schema import PRESERVE, Schema

MOST_INPUT: Final = 256 * 1024
MOST_ROUNDS: Final = 10_000
"""Rounds of all loops of one evaluation, after which the engine gives up."""

_PER_ENTRY: Final = 2
"""The least characters an entry of a list takes in JSON: itself and a comma."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`size` counts characters of a text and entries of a list or map; numbers and the like have none.

    `entry` is the shape of what a list or map holds and `key` that of a map's keys. `schema` says what fields an input
    object has, and `room` how many characters it has in all. `once` marks a key that a loop sees once only, so what is
    looked up by it is together no more than the whole map. `bounded` is false for a list without a `maxItems`,
    `unknown` is true where the type is not known.
    """

    size: float = 0
    mean: float = 0
    entry: Shape | None = None
    key: Shape | None = None
    schema: Schema | None = None
    room: float = 0
    once: bool = False
    bounded: bool = True
    unknown: bool = False

    @property
    def whole(self) -> float:
        """Characters that comparing or printing the value looks at, on average."""
        if self.room:
            return self.room
        return 1 + self.mean * (1 + (self.entry.whole if self.entry is not None else 0))

    def field(self, name: str) -> Shape:
        """The shape of a field; of an unknown one where nothing is known of the fields."""
        if self.schema is not None and name in self.schema.get("properties", {}):
            return of_schema(self.schema["properties"][name], self.room)
        return self.entry if self.entry is not None else anything(self.room or MOST_INPUT)

    def looped(self) -> Shape:
        """An entry as the rounds of a loop see it: the room of the whole is shared among them."""
        entry = self.entry or SCALAR
        return entry if not self.room else _shared(entry, self.room / max(1.0, self.mean))


SCALAR: Final = Shape()


def text(size: float, mean: float | None = None) -> Shape:
    return Shape(size, size if mean is None else mean)


def listing(size: float, entry: Shape, mean: float | None = None) -> Shape:
    return Shape(size, size if mean is None else mean, entry)


def anything(room: float) -> Shape:
    """A value of unknown type: a text, list or map as large as there is room."""
    below = Shape(MOST_INPUT, room, key=text(MOST_INPUT, room), room=room, bounded=False, unknown=True)
    return replace(below, entry=replace(below, entry=below))


def of_schema(schema: Schema, room: float) -> Shape:
    """An input value with at most `room` characters on average."""
    if PRESERVE in schema or "x-kubernetes-int-or-string" in schema:
        return anything(room) if PRESERVE in schema else text(_length(schema), min(_length(schema), room))
    match schema.get("type"):
        case "string":
            return text(_length(schema), min(_length(schema), room))
        case "array":
            return _many(schema.get("maxItems"), of_schema(schema["items"], room), room)
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            of_values = of_schema(schema["additionalProperties"], room)
            return replace(_many(schema.get("maxProperties"), of_values, room), key=text(MOST_INPUT, room))
        case "object" if "properties" in schema:
            return Shape(schema=schema, room=room)
        case "object":
            return anything(room)
        case _:
            return SCALAR


def union(shapes: Iterable[Shape]) -> Shape:
    """A value that is one of these."""
    found = list(shapes)
    if not found:
        return SCALAR
    entries = [shape.entry for shape in found if shape.entry is not None]
    keys = [shape.key for shape in found if shape.key is not None]
    return Shape(
        size=max(shape.size for shape in found),
        mean=max(shape.mean for shape in found),
        entry=union(entries) if entries else None,
        key=union(keys) if keys else None,
        schema=next((shape.schema for shape in found if shape.schema is not None), None),
        room=max(shape.room for shape in found),
        bounded=all(shape.bounded for shape in found),
        unknown=any(shape.unknown for shape in found),
    )


def _length(schema: Mapping[str, Any]) -> int:
    longest = schema.get("maxLength")
    if longest is None and "enum" in schema:
        longest = max(map(len, schema["enum"]))
    return MOST_INPUT if longest is None else min(longest, MOST_INPUT)


def _many(most: int | None, entry: Shape, room: float) -> Shape:
    size = min(MOST_INPUT / _PER_ENTRY, MOST_ROUNDS if most is None else most)
    return Shape(size, min(size, room / _PER_ENTRY), entry=entry, room=room, bounded=most is not None)


def _shared(entry: Shape, room: float) -> Shape:
    """An input value again, with less room on average."""
    below = None if entry.entry is None else _shared(entry.entry, room)
    smaller = replace(entry, mean=min(entry.mean, room), entry=below)
    return replace(smaller, room=min(entry.room, room)) if entry.room else smaller
