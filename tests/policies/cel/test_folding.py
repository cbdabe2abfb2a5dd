"""An expression with fewer calls into Python means what it says."""

from __future__ import annotations

from typing import Any

import pytest

from policies.cel import celcpp, folding, syntax
from policies.cel.engine import EvaluationError, Program, Returns, Variables

GIVEN: tuple[Any, ...] = ("512Mi", "8Gi", "8192Mi", "1e3", 1000, 0, -1, "", "much", True, 4.0, None, ["1"], "9" * 400)
OTHERS = ("'8Gi'", "'1Ki'", "0", "1000", "'much'", "''", "'0' + '.5'", "object")


def values(expression: str, given: Any, *, is_folded: bool) -> Any:
    """What the expression gives where `object` is `given`; its complaint where it gives nothing."""
    handle = celcpp._running().compile(expression)
    if is_folded:
        handle = celcpp._running().deserialize(folding.folded(handle.serialize()))
    program = Program(expression, Returns.VERDICT, frozenset(), 0, handle)
    try:
        return celcpp.CelCpp().evaluate(program, Variables({"object": given}))
    except EvaluationError:
        return "no value"


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(
    "form",
    [
        "quantity(object).isLessThan(quantity({}))",
        "quantity(object).isGreaterThan(quantity({}))",
        "quantity(object).compareTo(quantity({})) == 0",
        "quantity({}).isLessThan(quantity(object))",
        "quantity({}) == quantity(object)",
        "quantity(object).add(quantity({})).isGreaterThan(quantity('1Gi'))",
        "[object].exists(one, quantity(one).isLessThan(quantity({}))) || isQuantity({})",
    ],
)
def test_it_gives_the_same(form: str, other: str) -> None:
    expression = form.replace("{}", other)
    plain = [values(expression, given, is_folded=False) for given in GIVEN]
    assert [values(expression, given, is_folded=True) for given in GIVEN] == plain


def test_zeros_and_empty_texts_stay() -> None:
    """They are left out of a message whose fields are not declared as told apart from nothing."""
    assert values("0 == 0 && '' == '' && 1 - 1 == 0", 1, is_folded=True) is True


@pytest.mark.parametrize(
    ("expression", "want"),
    [
        ("quantity('1Ki').isLessThan(quantity(2048))", ["isLessThan"]),
        ("quantity(object).isLessThan(quantity('1Ki'))", ["quantity.isLessThan"]),
        ("quantity('much').isLessThan(quantity(object))", ["quantity.isLessThan", "quantity"]),
        ("object.size() < 3", ["_<_", "size"]),
    ],
)
def test_what_is_left_to_call(expression: str, want: list[str]) -> None:
    _, checked = syntax.unwrapped(folding.folded(celcpp._running().compile(expression).serialize()))
    assert [call.call_expr.function for call in folding._calls(checked.expr)] == want
