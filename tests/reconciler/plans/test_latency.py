"""From waits and the mean and variation of the time jobs run to how long they take in all."""

from __future__ import annotations

from math import exp, log, sqrt
from random import Random

import pytest

from reconciler.plans.latency import Waits, percentile

CASES: dict[str, tuple[Waits, float, float | None, float | None]] = {
    "jobs of one length that never wait": ([(0.0, 100)], 3.0, 0.0, 3.0),
    "jobs of one length that all wait as long": ([(2.0, 100)], 3.0, 0.0, 5.0),
    "one in ten waits": ([(0.0, 90), (10.0, 10)], 3.0, 0.0, 13.0),
    "one in a hundred waits": ([(0.0, 99), (10.0, 1)], 3.0, 0.0, 3.0),
    "of uneven jobs the long ones count": ([(0.0, 100)], 2.0, 1.0, 2.0 * exp(1.645 * sqrt(log(2)) - log(2) / 2)),
    "how uneven they are is not told": ([(0.0, 100)], 2.0, None, 2.0 * exp(1.645 * sqrt(log(2)) - log(2) / 2)),
    "nothing started": ([], 2.0, 1.0, None),
}


@pytest.mark.parametrize(("waits", "mean", "cv2", "want"), CASES.values(), ids=CASES.keys())
def test_percentile(waits: Waits, mean: float, cv2: float | None, want: float | None) -> None:
    assert percentile(waits, mean, cv2, 95) == (None if want is None else pytest.approx(want, rel=0.01))


@pytest.mark.parametrize("cv2", [0.25, 1.0, 4.0])
def test_it_is_what_jobs_take_that_run_so(cv2: float) -> None:
    random = Random(7)
    waits = [(float(number), 40) for number in range(20)]
    sigma = sqrt(log(1 + cv2))
    took = sorted(
        random.choice(waits)[0] + random.lognormvariate(log(5.0) - sigma**2 / 2, sigma) for _ in range(20_000)
    )
    assert percentile(waits, 5.0, cv2, 95) == pytest.approx(took[19_000], rel=0.05)
