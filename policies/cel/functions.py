"""The functions that Kubernetes adds to CEL for quantities.

To the checker a quantity is a type of its own, so that `quantity('1Gi') < quantity('2Gi')` is refused rather than
compared as text. At run time it is its canonical text, which makes `==` mean what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cel_expr_python import cel  # type: ignore[import-untyped]  # it ships stubs without py.typed

from crds.quantity import MAX_LENGTH, parse
from policies.cel.lending import LENDER

QUANTITY: Final = "quantity"
"""The function that makes one."""
_TYPE: Final = "kubernetes.Quantity"


class _Function(NamedTuple):
    """A function with the names of its types; `q` is a quantity."""

    name: str
    result: str
    parameters: tuple[str, ...]
    is_member: bool
    body: Callable[..., Any]


@lru_cache(maxsize=4096)
def canonical(value: str | int) -> str:
    """One text for all ways to write the same quantity. ValueError for what is none."""
    return str(_decimal(value).normalize())


def is_quantity(value: str | int) -> bool:
    try:
        _decimal(value)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _decimal(value: str | int) -> Decimal:
    if isinstance(value, str) and len(value) > MAX_LENGTH:
        raise ValueError("a quantity is not that long")
    return parse(value)


def _number(value: str) -> Decimal:
    return Decimal(value)


def _whole(value: str) -> int:
    number = _number(value)
    if number != number.to_integral_value() or abs(number) >= 2**63:
        raise ValueError(f"{value} is no integer of 64 bits")
    return int(number)


def _is_whole(value: str) -> bool:
    number = _number(value)
    return number == number.to_integral_value() and abs(number) < 2**63


def _sign(value: str) -> int:
    number = _number(value)
    return (number > 0) - (number < 0)


@lru_cache(maxsize=4096)
def _compare(one: str, other: str) -> int:
    first, second = _number(one), _number(other)
    return (first > second) - (first < second)


def _compare_made(one: str | int, other: str) -> int:
    """What comparing `quantity(one)` gives."""
    return _compare(canonical(one), other)


def _sum(one: str, other: Decimal) -> str:
    return str((_number(one) + other).normalize())


_FUNCTIONS: Final = (
    _Function(QUANTITY, "q", ("string",), False, canonical),
    _Function(QUANTITY, "q", ("int",), False, canonical),
    _Function("isQuantity", "bool", ("string",), False, is_quantity),
    _Function("isQuantity", "bool", ("int",), False, is_quantity),
    _Function("compareTo", "int", ("q", "q"), True, _compare),
    _Function("isGreaterThan", "bool", ("q", "q"), True, lambda one, other: _compare(one, other) > 0),
    _Function("isLessThan", "bool", ("q", "q"), True, lambda one, other: _compare(one, other) < 0),
    _Function("isInteger", "bool", ("q",), True, _is_whole),
    _Function("asInteger", "int", ("q",), True, _whole),
    _Function("asApproximateFloat", "double", ("q",), True, lambda one: float(_number(one))),
    _Function("sign", "int", ("q",), True, _sign),
    _Function("add", "q", ("q", "q"), True, lambda one, other: _sum(one, _number(other))),
    _Function("add", "q", ("q", "int"), True, lambda one, other: _sum(one, Decimal(other))),
    _Function("sub", "q", ("q", "q"), True, lambda one, other: _sum(one, -_number(other))),
    _Function("sub", "q", ("q", "int"), True, lambda one, other: _sum(one, -Decimal(other))),
)
COMPARING: Final = {name: f"quantity.{name}" for name in ("compareTo", "isGreaterThan", "isLessThan")}
"""What compares two quantities, and the function that makes the first of them besides; nobody can write its name."""

_MAKING: Final = tuple(
    _Function(COMPARING[name], result, (given, "q"), False, body)
    for name, result, body in (
        ("compareTo", "int", _compare_made),
        ("isGreaterThan", "bool", lambda one, other: _compare_made(one, other) > 0),
        ("isLessThan", "bool", lambda one, other: _compare_made(one, other) < 0),
    )
    for given in ("string", "int")
)


def declarations(*, checking: bool) -> list[Any]:
    """The functions for one of the two environments."""
    functions = _FUNCTIONS if checking else (*_FUNCTIONS, *_MAKING)
    types = {
        "q": cel.Type.AbstractType(_TYPE) if checking else cel.Type.STRING,
        "string": cel.Type.STRING,
        "int": cel.Type.INT,
        "bool": cel.Type.BOOL,
        "double": cel.Type.DOUBLE,
    }
    names = dict.fromkeys(one.name for one in functions)
    return [cel.FunctionDecl(name, list(_overloads(name, functions, types))) for name in names]


def _overloads(name: str, functions: tuple[_Function, ...], types: dict[str, Any]) -> Iterator[Any]:
    for number, one in enumerate(function for function in functions if function.name == name):
        yield cel.Overload(
            f"headgate_{name}_{number}",
            types[one.result],
            [types[parameter] for parameter in one.parameters],
            is_member=one.is_member,
            impl=LENDER.lent(one.body),
        )
