from __future__ import annotations

from fractions import Fraction
from math import exp, factorial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.plans import erlang


def by_definition(servers: int, load: Fraction) -> float:
    """Erlang's C as its sum of powers and factorials, without rounding."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return float(last / (sum(load**k / factorial(k) for k in range(servers)) + last))


@pytest.mark.parametrize(
    ("servers", "load"), [(1, "1/2"), (2, "1/10"), (5, "4"), (21, "20"), (26, "20"), (40, "20"), (110, "100")]
)
def test_agrees_with_the_definition(servers: int, load: str) -> None:
    assert erlang.waits(servers, float(Fraction(load))) == pytest.approx(by_definition(servers, Fraction(load)))


@pytest.mark.parametrize(
    ("load", "patience", "risk", "want"),
    [
        pytest.param(0.0, 5.0, 0.05, 0, id="nothing to do needs nobody"),
        pytest.param(0.01, 5.0, 0.05, 1, id="a job now and then needs one"),
        pytest.param(1.0, 0.0, 0.05, 4, id="nobody may wait at all"),
        pytest.param(20.0, 5.0, 0.05, 21, id="five service times of patience need one more than the load"),
        pytest.param(20.0, 0.0, 0.05, 29, id="no patience needs nine more"),
        pytest.param(20.0, 0.0, 0.5, 23, id="half of them may wait"),
        pytest.param(501.0, 0.0, 0.05, 546, id="large loads follow the square-root rule"),
    ],
)
def test_servers(load: float, patience: float, risk: float, want: int) -> None:
    assert erlang.servers(load, patience, risk) == want


loads = st.floats(0.001, 500)
patiences = st.floats(0, 1000)
risks = st.floats(0.01, 0.5)


@given(loads, patiences, risks)
def test_the_least_number_that_keeps_the_risk(load: float, patience: float, risk: float) -> None:
    number = erlang.servers(load, patience, risk)
    assert number > load
    assert late(number, load, patience) <= risk * (1 + 1e-9)
    assert number - 1 <= load or late(number - 1, load, patience) > risk * (1 - 1e-9)


@given(loads, st.floats(0, 50), patiences, risks)
@example(494.0, 7.0, 0.0, 0.01171875)
def test_more_load_never_needs_fewer(load: float, more: float, patience: float, risk: float) -> None:
    assert erlang.servers(load + more, patience, risk) >= erlang.servers(load, patience, risk)


def late(servers: int, load: float, patience: float) -> float:
    return erlang.waits(servers, load) * exp(-min((servers - load) * patience, 700.0))
