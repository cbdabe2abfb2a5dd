from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sin

import pytest

from tests.reconciler.plans.plant import play

HOUR = 3600


@dataclass(frozen=True)
class Case:
    arrivals: Callable[[int], float]
    want_turns_at_most: int
    want_p95_at_most: int
    want_last_at_most: int


CASES = {
    "a constant load of 20 busy slots": Case(lambda _: 10, 20, 1, 10),
    "a step to ten times the load and back": Case(lambda s: 10 if 600 <= s < 1800 else 1, 7, 1, 3),
    "a burst of 2,000 jobs": Case(lambda s: 100 if 60 <= s < 80 else 0, 1, 18, 1),
    "a slow wave": Case(lambda s: 10 + 8 * sin(2 * pi * s / 1200), 10, 1, 10),
}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_law_follows_the_load_without_swinging(case: Case, seed: int) -> None:
    outcome = play(case.arrivals, HOUR, job=2, startup=15, seed=seed)
    seen = f"turns {outcome.turns}, p95 {outcome.p95_wait} s, last {outcome.served[-1]}, most {max(outcome.served)}"
    assert outcome.turns <= case.want_turns_at_most, seen
    assert outcome.p95_wait <= case.want_p95_at_most, seen
    assert outcome.served[-1] <= case.want_last_at_most, seen
