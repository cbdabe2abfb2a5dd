"""Functions that the engine calls: what they are given and give comes back, and nothing of it is kept."""

from __future__ import annotations

import gc
import sys

import pytest
from cel_expr_python import cel  # type: ignore[import-untyped]  # it ships stubs without py.typed

from policies.cel.celcpp import CelCpp
from policies.cel.engine import EvaluationError, Returns, Variables
from policies.cel.lending import Forgotten, Lender, forgotten

CALLS = 5_000
MEMORY = "quantity(object.spec.resources.limits.memory).isLessThan(quantity('8Gi'))"


def asked(expression: str, memory: str) -> object:
    engine = CelCpp()
    program = engine.compile(expression, "WorkerPool", Returns.VERDICT)
    resources = {"limits": {"memory": memory}}
    return engine.evaluate(program, Variables({"object": {"spec": {"resources": resources}}}))


def test_a_call_leaves_no_memory_behind() -> None:
    """Two blocks for each argument and one for each result, if the engine had its way."""
    engine = CelCpp()
    program = engine.compile(MEMORY, "WorkerPool", Returns.VERDICT)

    def ask(times: int) -> None:
        for number in range(times):
            limits = {"memory": f"{number % 7}Gi"}
            assert engine.evaluate(program, Variables({"object": {"spec": {"resources": {"limits": limits}}}}))

    ask(100)
    gc.collect()
    before = sys.getallocatedblocks()
    ask(CALLS)
    gc.collect()
    assert sys.getallocatedblocks() - before < CALLS / 10


@pytest.mark.parametrize("memory", ["5Gi", "1500m", "0"])
def test_values_come_back(memory: str) -> None:
    assert asked(MEMORY, memory) is True
    assert asked(f"!{MEMORY}", memory) is False


def test_why_there_is_no_value_is_told() -> None:
    for memory in ("much", "more"):
        with pytest.raises(EvaluationError, match=f"'{memory}'"):
            asked(MEMORY, memory)
    assert asked(f"true || {MEMORY}", "much") is True
    assert asked(MEMORY, "7Gi") is True


@pytest.mark.parametrize("forgets", [forgotten(), Forgotten(arguments=False, results=False)])
def test_an_engine_that_forgets_nothing_is_lent_the_function_itself(forgets: Forgotten) -> None:
    def shout(text: str) -> str:
        return text.upper()

    lent = Lender(forgets).lent(shout)
    assert (lent is shout) is not any(forgets)
    overload = cel.Overload("shout_text", cel.Type.STRING, [cel.Type.STRING], is_member=False, impl=lent)
    environment = cel.NewEnv(functions=[cel.FunctionDecl("shout", [overload])])
    for _ in range(3):
        value = environment.compile("shout('a' + 'b')").eval(environment.Activation({})).value()
        assert value == "AB"
