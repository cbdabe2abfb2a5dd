"""The rate of a load from what was counted of it, for loads whose shape is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headgate.simulation import work
from reconciler.plans import arrivals
from tests.reconciler.plans.builders import queue

NOW = 600.0


def counted(rate: Callable[[float], float], **more: float | None) -> dict[str, float | None]:
    """What windows of 20, 60 and 120 s that end now would have counted, but for chance."""
    means = {
        name: sum(rate(NOW - back - 0.5) for back in range(seconds)) / seconds
        for name, seconds in (("arrivals_short", 20), ("arrivals_middle", 60), ("arrivals_long", 120))
    }
    return {**means, **more}


@pytest.mark.parametrize(
    ("told", "want"),
    [
        pytest.param(counted(work.constant(10)), 10.0, id="a steady load"),
        pytest.param(counted(work.constant(10), arrivals_short=12.0), 10.0, id="chance"),
        pytest.param(counted(work.step(1, 10, NOW - 20, NOW)), 10.0, id="a jump, as soon as its 20 s are full"),
        pytest.param(counted(work.step(10, 1, NOW - 20, NOW)), 1.0, id="a load that breaks off"),
        pytest.param(counted(lambda now: 10 + (now - NOW) * 0.05), 10.0, id="a ramp is followed to the present"),
        pytest.param(counted(lambda now: 10 - (now - NOW) * 0.05), 10.0, id="and downwards"),
        pytest.param(counted(lambda now: 10 + (now - NOW) * 0.005), 9.7, id="a gentle ramp may be chance"),
        pytest.param(
            counted(work.step(1, 10, NOW - 60, NOW)), 10.0, id="a jump of a minute ago is no ramp that goes on"
        ),
        pytest.param({"arrivals_long": 3.0}, 3.0, id="two minutes are all there is"),
        pytest.param({"completions": 4.0}, 4.0, id="what is completed has arrived"),
        pytest.param({"running": 20, "service_seconds": 2.0}, 10.0, id="Little's law"),
        pytest.param({}, 0.0, id="nothing is known"),
    ],
)
def test_rate(told: dict[str, float | None], want: float) -> None:
    assert arrivals.rate(queue(**told)) == pytest.approx(want, abs=0.05)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("told", "want"),
    [
        pytest.param(counted(lambda now: now), True, id="more than a minute ago"),
        pytest.param(counted(lambda now: NOW - now), False, id="fewer"),
        pytest.param(counted(work.constant(10)), True, id="as many"),
        pytest.param(counted(lambda now: 10 - (now - NOW) * 0.004), True, id="not clearly fewer"),
        pytest.param(counted(work.constant(0)), False, id="none"),
        pytest.param({"arrivals_long": 3.0}, False, id="not counted"),
    ],
)
def test_rising(told: dict[str, float | None], want: bool) -> None:
    assert arrivals.rising(queue(**told)) is want  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(("seconds", "want"), [(None, False), (59.0, True), (60.0, False)])
def test_fresh(seconds: float | None, want: bool) -> None:
    assert arrivals.fresh(queue(watched_seconds=seconds)) is want
