"""A structural schema made ready to judge values with: one object a node, which knows what its own type allows.

Each node first says what the API server would store (`decoded`: null is absent, unknown fields go, defaults come), then
judges that (`check`). Both never raise, whatever JSON they are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from crds.findings import ABSENT, Reason
from crds.judgement import Judgement, Path
from crds.rules import Rule

# Beyond this a JSON number with a fraction point is no exact integer any more.
_EXACT: Final = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value of any shape; the types below it say more."""

    rules: tuple[Rule, ...] = ()

    type: ClassVar[type] = object
    called: ClassVar[str] = "anything"

    def decoded(self, value: Any) -> Any:
        return value

    def check(self, value: Any, old: Any, path: Path, into: Judgement) -> None:
        """Judges `value`. What is unchanged since `old` is let through: the API server tolerates it too."""
        if old is not ABSENT and same(value, old):
            return
        if not self.fits(value):
            into.add_malformed(path, Reason.TYPE_INVALID, f"must be {self.called}", value)
            return
        self.judge(value, old, path, into)
        for rule in self.rules:
            into.rules.append((path, rule, value, old))

    def fits(self, value: Any) -> bool:
        return type(value) is self.type

    def judge(self, value: Any, old: Any, path: Path, into: Judgement) -> None:
        """Adds what is wrong with a value of the right type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preserved(Node):
    """Whatever it is, it is kept as it is."""

    def fits(self, value: Any) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Node):
    type: ClassVar = bool
    called: ClassVar = "true or false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Object(Node):
    properties: Mapping[str, Node]
    required: tuple[str, ...] = ()
    defaults: tuple[tuple[str, Any], ...] = ()
    rest: Node | None = None
    at_most: int | None = None

    type: ClassVar = dict
    called: ClassVar = "an object"

    def decoded(self, value: Any) -> Any:
        if type(value) is not dict and not isinstance(value, Mapping):
            return value
        properties, rest = self.properties, self.rest
        result = {}
        for key, item in value.items():
            node = properties.get(key, rest)
            if node is not None and item is not None:
                result[key] = node.decoded(item)
        for key, default in self.defaults:
            result.setdefault(key, default)
        return result

    def judge(self, value: dict[str, Any], old: Any, path: Path, into: Judgement) -> None:
        before = old if type(old) is dict else {}
        for key in self.required:
            if key not in value:
                into.add_malformed((*path, key), Reason.REQUIRED, "must be set")
        for key, item in value.items():
            if key in self.properties:
                self.properties[key].check(item, before.get(key, ABSENT), (*path, key), into)
            elif self.rest is not None:
                self.rest.check(item, before.get(key, ABSENT), (*path, f"[{key}]"), into)
        if self.at_most is not None and len(value) > self.at_most:
            into.add(path, Reason.TOO_MANY, f"{len(value)} entries, at most {self.at_most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class List(Node):
    """`unique` lists refuse entries that are the same, or have the same `keys` where there are keys."""

    items: Node
    unique: bool = False
    keys: tuple[str, ...] = ()
    at_least: int = 0
    at_most: int | None = None

    type: ClassVar = list
    called: ClassVar = "a list"

    def decoded(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [self.items.decoded(item) for item in value]

    def judge(self, value: list[Any], old: Any, path: Path, into: Judgement) -> None:
        # Only entries with keys can be told apart from each other, and so be found again.
        before = {identity(item, self.keys): item for item in old} if self.keys and type(old) is list else {}
        seen = set()
        for index, item in enumerate(value):
            who = identity(item, self.keys) if self.unique else None
            self.items.check(item, before.get(who, ABSENT) if before else ABSENT, (*path, index), into)
            if who is not None and who in seen:
                shown = {key: item[key] for key in self.keys} if self.keys else item
                into.add((*path, index), Reason.DUPLICATE, "is in the list already", shown)
            seen.add(who)
        if self.at_most is not None and len(value) > self.at_most:
            into.add(path, Reason.TOO_MANY, f"{len(value)} entries, at most {self.at_most}")
        if len(value) < self.at_least:
            entries = "1 entry" if self.at_least == 1 else f"{self.at_least} entries"
            into.add(path, Reason.INVALID, f"must have at least {entries}", value)


def identity(item: Any, keys: Sequence[str]) -> str | tuple[str, ...] | None:
    """What makes an entry of a list the same as another; None for an entry that lacks it."""
    if not keys:
        return repr(item)
    if type(item) is dict and all(key in item for key in keys):
        return tuple(repr(item[key]) for key in keys)
    return None


def integral(value: Any) -> Any:
    """`1.0` is an integer to the API server, and stored as one."""
    if type(value) is float and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value


def same(one: Any, other: Any) -> bool:
    """Equality as JSON knows it: true is not 1."""
    if type(one) is not type(other) or one != other:
        return False
    if type(one) is dict:
        return all(same(item, other[key]) for key, item in one.items())
    if type(one) is list:
        return all(map(same, one, other))
    return True
