"""How far a drain is, from status alone."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.fleet import draining
from tests.headgate.fleet.objects import NOW, leaving, pool, said


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        pytest.param(pool(replicas=0), True, id="no worker is left"),
        pytest.param(pool(replicas=1), False, id="one is left"),
        pytest.param(pool(seen=False, replicas=0), False, id="the numbers are of an older spec"),
        pytest.param(pool(), False, id="nothing is known"),
    ],
)
def test_drained(obj: Any, want: bool) -> None:
    assert draining.drained(obj) is want


@pytest.mark.parametrize(
    ("obj", "want"),
    [
        pytest.param(pool(seen=False, replicas=3), ["waiting for the reconciler to see it"], id="not seen"),
        pytest.param(pool(replicas=1), ["1 worker left"], id="nobody asked yet"),
        pytest.param(
            pool(replicas=2, draining=[leaving("b", minutes=2), leaving("a", 3, minutes=1)]),
            ["2 workers left", "  a runs 3, until 08:01:00", "  b says nothing, until 08:02:00"],
            id="the nearest deadline first, and silence is not idleness",
        ),
        pytest.param(
            pool(replicas=4, draining=[leaving(name, 0, minutes=1) for name in "dcba"]),
            ["4 workers left", "  a is idle, until 08:01:00", "  b is idle, until 08:01:00", "  and 2 more"],
            id="no more than two by name",
        ),
        pytest.param(
            pool(replicas=2, spec={"paused": True}),
            [
                "2 workers left",
                "  it is paused, so nobody leaves: `headgate resume` lifts pause and hold, then drain it",
            ],
            id="a pool that is paused",
        ),
        pytest.param(
            pool(replicas=2, conditions=[said("Ready", "False", "NameTaken", "Delete it")]),
            ["2 workers left", "  NameTaken: Delete it"],
            id="one that waits for something else",
        ),
        pytest.param(
            pool(replicas=2, conditions=[said("Ready", "False", "QueueMissing", "There is no Queue orders")]),
            ["2 workers left"],
            id="a missing queue keeps nobody from leaving",
        ),
        pytest.param(
            pool(
                replicas=2,
                conditions=[
                    said("Ready", "False", "QueueMissing", "There is no Queue orders"),
                    said("Draining", "True", "UnreadyWorker", "One that stays is not ready"),
                ],
            ),
            ["2 workers left", "  UnreadyWorker: One that stays is not ready"],
            id="what does keep them is told beside it",
        ),
        pytest.param(
            pool(
                replicas=1,
                draining=[leaving("a", 1, minutes=1)],
                conditions=[
                    said("Ready", "True", "ScaledToZero"),
                    said("Draining", "True", "Draining", "Workers finish their jobs before they go"),
                    said("Reconciling", "True", "Progressing", "Workers are starting"),
                ],
            ),
            ["1 worker left", "  a runs 1, until 08:01:00"],
            id="what goes its way is not worth a line",
        ),
    ],
)
def test_progress(obj: Any, want: list[str]) -> None:
    assert draining.progress(obj) == want


def test_who_is_over_the_deadline() -> None:
    obj = pool(draining=[leaving("late", 1, seconds=-1), leaving("b", 1, seconds=1), leaving("at it", 1, seconds=0)])
    assert draining.stuck(obj, NOW) == ["at it", "late"]
