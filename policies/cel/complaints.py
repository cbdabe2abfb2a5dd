"""The engine's complaints in the words of somebody who writes a rule: which field, and which was probably meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from crds.schema import Schema
from policies.cel.descriptors import PACKAGE, SEPARATOR
from policies.cel.engine import Problem
from policies.cel.variables import NAMES
from policies.nearest import nearest

MOST: Final = 5
"""Problems told of one expression: a parser that has lost its way complains without end."""

_COMPLAINT: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_NO_FIELD: Final = re.compile(r"undefined field '([^']*)' not found in struct '([^']*)'")
_NO_NAME: Final = re.compile(r"undeclared reference to '([^']*)'")
_NO_OVERLOAD: Final = re.compile(r"found no matching overload for '([^']*)' applied to '(.*)'$")
_MESSAGE: Final = re.compile(rf"{PACKAGE}\.(\w+)")
_TOO_DEEP: Final = re.compile(r"recursion (depth|limit)")
_CONSEQUENCE: Final = "'*error*'"
_NO_KEY: Final = re.compile(r'Key not found in map : "(.*)"')
_FAILURES: Final[Mapping[str, str]] = {
    "Iteration budget exceeded": "its loops took more than 10,000 rounds",
    "Applying SELECT to non-message type": "it reads a field of null",
}
_CODES: Final = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")
_EXPECTING: Final = re.compile(r"( expecting) \{.*")


def problems(
    error: str, expression: str, messages: Mapping[str, Schema], functions: Collection[str]
) -> tuple[Problem, ...]:
    """What the text of a compile error says; its first line where it is of no known form."""
    if _TOO_DEEP.search(error):
        return (Problem("is nested more than 32 deep"),)
    lines = expression.split("\n")
    found = [
        Problem(_words(what, messages, functions), int(line), _column(what, lines, int(line), int(column)))
        for line, column, what in _COMPLAINT.findall(error)
        if _CONSEQUENCE not in what
    ]
    return tuple(found[:MOST]) or (Problem(error.splitlines()[0] if error else "is no expression"),)


def _words(what: str, messages: Mapping[str, Schema], functions: Collection[str]) -> str:
    if found := _NO_FIELD.search(what):
        name, path = found[1], found[2].removeprefix(f"{PACKAGE}.")
        return f"{_dotted(path)} has no field {name}{_perhaps(name, _fields(path, messages))}"
    if found := _NO_NAME.search(what):
        name = found[1].partition(".")[0]
        return f"there is no variable or function {name}{_perhaps(name, (*NAMES, *functions))}"
    if found := _NO_OVERLOAD.search(what):
        return f"{_operator(found[1])} cannot be applied to {_readable(found[2])}"
    return _EXPECTING.sub(r"\1 something else", what)


def _column(what: str, lines: list[str], line: int, column: int) -> int:
    """Where a name that is not there stands: the engine points at the dot before a field and behind a function."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    if found := _NO_FIELD.search(what):
        return text.find(found[1], column - 1) + 1 or column
    if found := _NO_NAME.search(what):
        return text.rfind(found[1].partition(".")[0], 0, column) + 1 or column
    return column


def _perhaps(name: str, candidates: Collection[str]) -> str:
    meant = nearest(name, candidates)
    return f"; did you mean {meant}?" if meant else ""


def _fields(path: str, messages: Mapping[str, Schema]) -> tuple[str, ...]:
    """The names of the fields of a message, by its path."""
    first, *steps = path.split(SEPARATOR)
    schema = messages.get(first, {})
    for step in steps:
        schema = schema.get("properties", {}).get(step, {})
        while "properties" not in schema and isinstance(below := _entry(schema), dict):
            schema = below
    return tuple(schema.get("properties", ()))


def _entry(schema: Schema) -> object:
    return schema.get("items") or schema.get("additionalProperties")


def _operator(name: str) -> str:
    return name.replace("_", " ").strip() if name.startswith(("_", "-_", "!_")) else name


def _readable(types: str) -> str:
    return _MESSAGE.sub(lambda found: _dotted(found[1]), types)


def _dotted(path: str) -> str:
    return path.replace(SEPARATOR, ".")


def failure(error: str) -> str:
    """Why an expression has no value."""
    if found := _NO_KEY.search(error):
        return f"there is no {found[1]}; ask has() first"
    for words, said in _FAILURES.items():
        if words in error:
            return said
    return _CODES.sub("", error)


def placed(message: str, expression: str, offset: int) -> Problem:
    """A problem at an offset of the expression."""
    before = expression[:offset]
    return Problem(message, before.count("\n") + 1, offset - before.rfind("\n"))
