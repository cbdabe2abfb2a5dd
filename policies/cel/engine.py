"""What the rest asks of an engine for CEL: two methods, so that the one behind them can be exchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from policies.cel.walk import Path


class Returns(StrEnum):
    """What an expression has to give."""

    VERDICT = "bool"
    VERDICTS = "list(bool)"
    MESSAGE = "string"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an expression is no rule: `line` and `column` count from 1, as editors do."""

    message: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


class CompileError(Exception):
    """The expression is wrong or could cost too much; a mistake of its author."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class EvaluationError(Exception):
    """The expression has no value for this object, such as where it reads a field that is not set."""


@dataclass(frozen=True, slots=True)
class Program:
    """An expression ready to be asked. `reads` are the paths below the variables that it looks at.

    `handle` belongs to the engine that made it.
    """

    expression: str
    returns: Returns
    reads: frozenset[Path]
    steps: float
    handle: Any


@dataclass(slots=True)
class Variables:
    """The variables of rules about one object, plain JSON each. `handle` is the engine's own form, made when needed."""

    values: Mapping[str, Any]
    handle: Any = None


class Engine(Protocol):
    def compile(self, expression: str, kind: str, returns: Returns) -> Program:
        """Check an expression about objects of a kind. Raises CompileError with everything that is wrong."""
        ...

    def each_of(self, programs: Sequence[Program]) -> Program | None:
        """One program that gives what all of these give, in their order; None where there cannot be one.

        It has no value where one of them has none.
        """
        ...

    def evaluate(self, program: Program, variables: Variables) -> Any:
        """The value for these variables: a bool, a list or a str, as asked. Raises EvaluationError."""
        ...
