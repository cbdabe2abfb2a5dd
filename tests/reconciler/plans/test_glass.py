"""What is done about a break-glass annotation whenever it is looked at, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from crds import meta
from reconciler.plans.glass import PATIENCE_SECONDS, Known, Plan, Step, plan
from tests.policies.objects import NOW

HOLDS = "2026-11-23T18:00:00Z the database is down"
OVER = "2026-11-23T11:00:00Z the database is down"
TOO_LONG = "2026-11-25T12:00:00Z the database is down"
UNREADABLE = "2026-11-23T99:00:00Z the database is down"
SIX_HOURS = 6 * 3600.0
AT = 1_000.0


def annotated(written: str, **metadata: Any) -> dict[str, Any]:
    annotations = {meta.ANNOTATION_BREAK_GLASS: written} if written else {}
    return {"metadata": {"name": "a", "annotations": annotations, **metadata}}


@pytest.mark.parametrize(
    ("written", "known", "want"),
    [
        pytest.param("", Known(announced=HOLDS), Plan(Step.REST), id="without it there is nothing to do"),
        pytest.param(HOLDS, Known(), Plan(Step.ANNOUNCE, SIX_HOURS), id="what holds is announced, and looked at again"),
        pytest.param(HOLDS, Known(announced=HOLDS), Plan(Step.REST, SIX_HOURS), id="it is announced once"),
        pytest.param(
            OVER, Known(announced=OVER), Plan(Step.TAKE_OFF, PATIENCE_SECONDS), id="what is over is taken off"
        ),
        pytest.param(TOO_LONG, Known(), Plan(Step.TAKE_OFF, PATIENCE_SECONDS), id="so is what lasts for too long"),
        pytest.param(UNREADABLE, Known(), Plan(Step.TAKE_OFF, PATIENCE_SECONDS), id="and what cannot be read"),
        pytest.param(
            OVER,
            Known(tried_at=AT - 10),
            Plan(Step.REST, PATIENCE_SECONDS - 10),
            id="a failed try is not made again at once",
        ),
    ],
)
@pytest.mark.parametrize("guards", [False, True], ids=["on an object", "on a pod"])
def test_break_glass_begins_and_ends(written: str, known: Known, want: Plan, guards: bool) -> None:
    assert plan(annotated(written), known, NOW, AT, guards=guards) == want


@pytest.mark.parametrize(
    ("known", "guards", "want"),
    [
        pytest.param(Known(taken_off=OVER), False, Plan(Step.LEAVE), id="on an object it is left, and that is told"),
        pytest.param(Known(taken_off=OVER, left=OVER), False, Plan(Step.REST), id="once"),
        pytest.param(
            Known(taken_off=OVER, tried_at=AT - 10),
            True,
            Plan(Step.REST, PATIENCE_SECONDS - 10),
            id="on a pod it waits a minute",
        ),
        pytest.param(
            Known(taken_off=OVER, tried_at=AT - 61),
            True,
            Plan(Step.TAKE_OFF, PATIENCE_SECONDS),
            id="and is taken off again, for it opens the guard",
        ),
    ],
)
def test_what_comes_back(known: Known, guards: bool, want: Plan) -> None:
    assert plan(annotated(OVER), known, NOW, AT, guards=guards) == want


@pytest.mark.parametrize("written", [HOLDS, OVER, TOO_LONG, UNREADABLE])
def test_what_a_pod_leaves_by_is_announced_whatever_its_time(written: str) -> None:
    leaving = annotated(written, deletionTimestamp="2026-11-23T12:00:00Z")
    assert plan(leaving, Known(), NOW, AT, guards=True).step is Step.ANNOUNCE
