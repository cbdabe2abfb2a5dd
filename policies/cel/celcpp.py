"""The engine behind rules: Google's cel-cpp, in two environments.

The first knows the fields of our kinds and finds mistakes; the second runs on plain dictionaries, where every variable
is of unknown type, because making messages of an object would cost more than all rules together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from cel_expr_python import cel  # type: ignore[import-untyped]  # it ships stubs without py.typed

from policies.cel import complaints, folding, functions, syntax
from policies.cel.costs import FUNCTIONS
from policies.cel.descriptors import PACKAGE, SEPARATOR, pool
from policies.cel.engine import CompileError, EvaluationError, Problem, Program, Returns, Variables
from policies.cel.lending import LENDER, NO_VALUE
from policies.cel.variables import EFFECTIVE, NAMES, NAMESPACE, OBJECT, OLD_OBJECT, QUEUES, REQUEST, messages, shapes
from policies.cel.walk import ExcessError, Walk

_EXTENSIONS: Final = ("bindings", "lists", "math", "optional", "sets", "strings", "two-var-comprehensions")
_TYPES: Final = {Returns.VERDICT: cel.Type.BOOL, Returns.MESSAGE: cel.Type.STRING}
_WANTED: Final = {Returns.VERDICT: "true or false", Returns.MESSAGE: "text"}
_CALLABLE: Final = tuple(sorted(name for name in FUNCTIONS if name.isidentifier()))


class CelCpp:
    """Compiling takes about 0.3 ms, asking some microseconds."""

    def compile(self, expression: str, kind: str, returns: Returns) -> Program:
        checked = self._checked(expression, kind, returns)
        expr, positions = syntax.parsed(checked.serialize())
        walk = Walk(shapes(kind), positions)
        try:
            walk(expr)
        except ExcessError as error:
            raise CompileError((complaints.placed(error.message, expression, error.offset),)) from None
        try:
            handle = _made(expression)
        except RuntimeError as error:
            raise CompileError(complaints.problems(str(error), expression, {}, _CALLABLE)) from None
        return Program(expression, returns, frozenset(walk.reads), walk.steps, handle)

    def each_of(self, programs: Sequence[Program]) -> Program | None:
        # A line break ends a comment that an expression may end in.
        expression = "[" + ", ".join(f"({program.expression}\n)" for program in programs) + "]"
        try:
            handle = _made(expression)
        except (RuntimeError, UnicodeError):
            return None
        reads = frozenset(path for program in programs for path in program.reads)
        return Program(expression, Returns.VERDICTS, reads, sum(program.steps for program in programs), handle)

    def _checked(self, expression: str, kind: str, returns: Returns) -> Any:
        try:
            checked = _checking(kind).compile(expression)
        except (RuntimeError, UnicodeError) as error:
            raise CompileError(complaints.problems(str(error), expression, messages(kind), _CALLABLE)) from None
        if checked.return_type() != _TYPES[returns]:
            words = f"gives {checked.return_type().name().lower()}, must give {_WANTED[returns]}"
            raise CompileError((Problem(words),))
        return checked

    def evaluate(self, program: Program, variables: Variables) -> Any:
        try:
            if variables.handle is None:
                variables.handle = _running().Activation(variables.values)
            value = program.handle.eval(variables.handle)
        except RuntimeError as error:
            # Among them the end of the iteration budget.
            raise EvaluationError(complaints.failure(str(error))) from None
        many = program.returns is Returns.VERDICTS
        found = value.plain_value() if many else value.value()
        # An error is a value too, and its Python value is text.
        if (type(found) is list) if many else (found is True or found is False or value.type() == cel.Type.STRING):
            return found
        why = str(found)
        raise EvaluationError(complaints.failure(LENDER.refusal if NO_VALUE in why else why))


@cache
def _checking(kind: str) -> Any:
    """The environment with the types of one kind; made once, it takes 30 ms and 3 MiB for a WorkerPool."""
    whole = cel.Type(f"{PACKAGE}.{kind}")
    types = {
        OBJECT: whole,
        OLD_OBJECT: whole,
        REQUEST: cel.Type(f"{PACKAGE}.{REQUEST}"),
        NAMESPACE: cel.Type(f"{PACKAGE}.{NAMESPACE}"),
        QUEUES: cel.Type.List(cel.Type(f"{PACKAGE}.{QUEUES}")),
        EFFECTIVE: cel.Type(f"{PACKAGE}.{kind}{SEPARATOR}spec"),
    }
    return cel.NewEnv(
        pool(messages(kind)), config=_extensions(), variables=types, functions=functions.declarations(checking=True)
    )


@cache
def _running() -> Any:
    types = dict.fromkeys(NAMES, cel.Type.DYN)
    return cel.NewEnv(config=_extensions(), variables=types, functions=functions.declarations(checking=False))


def _made(expression: str) -> Any:
    """What is run. RuntimeError where it cannot be compiled."""
    made = _running().compile(expression)
    return _running().deserialize(folding.folded(made.serialize())) if functions.QUANTITY in expression else made


def _extensions() -> Any:
    return cel.NewEnvConfigFromYaml(
        "\n".join(["name: headgate", "extensions:", *(f"- name: {n}" for n in _EXTENSIONS)])
    )
