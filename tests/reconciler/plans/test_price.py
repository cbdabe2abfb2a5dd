from __future__ import annotations

import pytest

from reconciler.plans.decision import Step
from reconciler.plans.facts import PoolFacts
from reconciler.plans.price import price
from tests.reconciler.plans.builders import pool, queue, steady


@pytest.mark.parametrize(
    ("facts", "replicas", "want"),
    [
        pytest.param(pool(queue(40)), 10, (), id="without a target there is no price"),
        pytest.param(
            pool(steady(waiting=300), current=5, concurrency=1, maximum=100),
            230,
            (Step("Price", 230, "a wait of 1m would need 175 fewer, one of 5s 53 more"),),
            id="a backlog",
        ),
        pytest.param(
            pool(steady(), steady(name="mails", wait_target=60.0), current=12),
            11,
            (Step("Price", 11, "6 times the wait targets would need as many, half of them as many"),),
            id="several targets",
        ),
    ],
)
def test_price(facts: PoolFacts, replicas: int, want: tuple[Step, ...]) -> None:
    assert price(facts, replicas) == want
