"""What the condition Guarantee says of workers that are ended by SIGTERM."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.children.ways import Way
from reconciler.conditions import GUARANTEE
from reconciler.phases.pool.guard import guard
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import View
from tests.reconciler.builders import pool
from tests.reconciler.phases.worlds import START, World

SAID = "drain.method is Signal: workers are ended by SIGTERM, and what outlives their grace period is cut off"
CASES: list[Any] = [
    pytest.param(600, 600, SAID, id="which all of them have"),
    pytest.param(
        600,
        7200,
        f"{SAID}; that is 600 s and not 7200 s until `headgate restart wp/w` makes new ones",
        id="which workers of this revision were born with before it was changed",
    ),
]


def spec(grace: int) -> dict[str, Any]:
    return {"spec": {"terminationGracePeriodSeconds": grace}}


@pytest.mark.parametrize(("born", "wanted", "want"), CASES)
async def test_workers_have_their_grace_period(born: int, wanted: int, want: str) -> None:
    state = PoolState(obj=pool("w"), now=START, way=Way.WARM_STOP, revision="r", template=spec(wanted))
    state.view = View([{"metadata": {"labels": {"headgate.dev/revision": "r"}}, "spec": {"template": spec(born)}}])
    await guard(state, World().ctx)
    said = state.conditions.get(GUARANTEE)
    assert said is not None
    assert said.message == want
