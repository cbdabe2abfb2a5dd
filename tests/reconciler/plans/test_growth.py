from __future__ import annotations

import pytest

from reconciler.plans import growth
from reconciler.plans.growth import Trial
from tests.reconciler.plans.builders import pool, queue

TRIED = Trial(since=0.0, slots=40, rate=20.0)
FAILED = Trial(since=200.0, slots=40, rate=20.0, failed=True)


@pytest.mark.parametrize(
    ("trial", "waiting", "completions", "ready", "clock", "want"),
    [
        pytest.param(None, 500, 20.0, 60, 200, None, id="nothing is tried"),
        pytest.param(TRIED, 500, 20.0, 60, 100, TRIED, id="too early to say"),
        pytest.param(TRIED, 500, 20.0, 42, 200, TRIED, id="the new pods are not there yet"),
        pytest.param(TRIED, 500, 29.0, 60, 200, None, id="it helped"),
        pytest.param(TRIED, 500, 20.5, 60, 200, FAILED, id="it did not help"),
        pytest.param(TRIED, 0, 20.0, 60, 200, None, id="no backlog, so throughput says nothing"),
        pytest.param(TRIED, 500, None, 60, 200, None, id="completions are not counted"),
        pytest.param(Trial(0.0, 40, 0.1), 500, 0.1, 60, 200, None, id="too few completions to tell from chance"),
        pytest.param(FAILED, 500, 20.5, 60, 700, FAILED, id="it goes on not helping"),
        pytest.param(FAILED, 500, 30.0, 60, 700, None, id="what held the jobs up is gone"),
        pytest.param(FAILED, 0, 20.0, 60, 700, None, id="the backlog is gone"),
        pytest.param(FAILED, 500, 20.5, 60, 801, None, id="worth another try"),
    ],
)
def test_a_trial(
    trial: Trial | None, waiting: int, completions: float | None, ready: int, clock: float, want: Trial | None
) -> None:
    facts = pool(queue(waiting, ready, completions=completions), current=ready // 4, ready_slots=ready)
    found = growth.observed(trial, facts, clock)
    assert (found is None) == (want is None)
    assert found is None or want is None or (found.since, found.failed) == (want.since, want.failed)


@pytest.mark.parametrize(
    ("waiting", "completions", "to", "want"),
    [
        pytest.param(500, 20.0, 15, TRIED, id="growth under a backlog"),
        pytest.param(30, 20.0, 15, None, id="what waits could start at once"),
        pytest.param(500, 20.0, 10, None, id="no growth"),
        pytest.param(500, None, 15, None, id="nothing to compare with"),
    ],
)
def test_a_trial_begins_with(waiting: int, completions: float | None, to: int, want: Trial | None) -> None:
    facts = pool(queue(waiting, 40, completions=completions), current=10, ready_slots=40)
    assert growth.begun(None, facts, to, 0.0) == want
