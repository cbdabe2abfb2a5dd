"""Fewer calls from the engine into Python, each of which takes as long as ten comparisons of its own.

A quantity that a rule writes as a constant is made when the rule is compiled. One that is made only to be compared is
made by the function that compares.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message

from policies.cel import syntax
from policies.cel.functions import COMPARING, QUANTITY, canonical
from policies.cel.syntax import Expr


def folded(serialized: bytes) -> bytes:
    """A checked expression that means the same: neither a value nor an error is another one."""
    wrapped, checked = syntax.unwrapped(serialized)
    calls = [*_calls(checked.expr)]
    for expr in calls:
        made = _constant_quantity(expr)
        if made:
            expr.ClearField("call_expr")
            expr.const_expr.string_value = made
    for expr in calls:
        call = expr.call_expr
        if call.function in COMPARING and _makes_quantity(call.target):
            whole = [call.target.call_expr.args[0], *call.args]
            expr.call_expr.CopyFrom(type(call)(function=COMPARING[call.function], args=whole))
    wrapped.value = checked.SerializeToString()
    again: bytes = wrapped.SerializeToString()
    return again


def _constant_quantity(expr: Expr) -> str:
    """What the expression gives, or "" where that is not known beforehand or is no quantity."""
    if not _makes_quantity(expr) or syntax.kind(expr.call_expr.args[0]) != "const_expr":
        return ""
    constant = expr.call_expr.args[0].const_expr
    try:
        if constant.HasField("string_value"):
            return canonical(constant.string_value)
        return canonical(constant.int64_value) if constant.HasField("int64_value") else ""
    except ValueError:
        return ""


def _makes_quantity(expr: Expr) -> bool:
    return expr.call_expr.function == QUANTITY and len(expr.call_expr.args) == 1


def _calls(expr: Expr) -> Iterator[Expr]:
    """Every call in an expression, itself among them, and outer ones before inner ones."""
    left: list[Message] = [expr]
    while left:
        message = left.pop()
        for field, value in message.ListFields():
            if field.name == "call_expr":
                yield message
            if isinstance(value, Message):
                left.append(value)
            elif field.message_type is not None:
                left.extend(reversed(value))
