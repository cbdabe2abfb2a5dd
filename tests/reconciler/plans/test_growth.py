from __future__ import annotations

import pytest

from reconciler.plans import growth
from reconciler.plans.growth import Trial
from tests.reconciler.plans.builders import pool, queue

TRIED = Trial(since=0.0, slots=40, rate=20.0)
FAILED = Trial(since=200.0, slots=40, rate=20.0, failed=True, failures=1)
FAILED_TWICE = Trial(since=200.0, slots=40, rate=20.0, failed=True, failures=2)


@pytest.mark.parametrize(
    ("trial", "more", "completions", "ready", "clock", "want"),
    [
        pytest.param(None, 500, 20.0, 60, 200, None, id="nothing is tried"),
        pytest.param(TRIED, 500, 20.0, 60, 100, TRIED, id="too early to say"),
        pytest.param(TRIED, 500, 20.0, 42, 200, TRIED, id="the new pods are not there yet"),
        pytest.param(TRIED, 500, 29.0, 60, 200, None, id="it helped"),
        pytest.param(TRIED, 500, 20.5, 60, 200, FAILED, id="it did not help"),
        pytest.param(TRIED, -10, 20.0, 60, 200, None, id="slots are free, so throughput says nothing"),
        pytest.param(
            TRIED, 0, 20.0, 60, 200, FAILED, id="every slot is taken and nothing waits: jobs only take longer"
        ),
        pytest.param(TRIED, 500, None, 60, 200, None, id="completions are not counted"),
        pytest.param(Trial(0.0, 40, 0.1), 500, 0.1, 60, 200, None, id="too few completions to tell from chance"),
        pytest.param(FAILED, 500, 20.5, 60, 700, FAILED, id="it goes on not helping"),
        pytest.param(FAILED, 500, 30.0, 60, 700, None, id="what held the jobs up is gone"),
        pytest.param(FAILED, -10, 20.0, 60, 700, None, id="slots are free again"),
        pytest.param(FAILED, 500, 20.5, 60, 801, Trial(801.0, 40, 20.5, cautious=True), id="worth another try"),
        pytest.param(FAILED_TWICE, 500, 20.5, 60, 1300, FAILED_TWICE, id="the second time after twice as long"),
        pytest.param(FAILED_TWICE, 500, 20.5, 60, 1401, Trial(1401.0, 40, 20.5, cautious=True), id="then once more"),
    ],
)
def test_a_trial(
    trial: Trial | None, more: int, completions: float | None, ready: int, clock: float, want: Trial | None
) -> None:
    """`more` jobs than slots wait, or fewer run."""
    jobs = queue(max(0, more), ready + min(0, more), completions=completions)
    facts = pool(jobs, current=ready // 4, ready_slots=ready)
    found = growth.observed(trial, facts, clock)
    assert (found is None) == (want is None)
    if found is not None and want is not None:
        told = (found.since, found.slots, found.failed, found.cautious)
        assert told == (want.since, want.slots, want.failed, want.cautious)


@pytest.mark.parametrize(
    ("running", "completions", "to", "want"),
    [
        pytest.param(40, 20.0, 15, TRIED, id="growth of a pool that is full"),
        pytest.param(30, 20.0, 15, None, id="slots are free"),
        pytest.param(40, 20.0, 10, None, id="no growth"),
        pytest.param(40, None, 15, None, id="nothing to compare with"),
    ],
)
def test_a_trial_begins_with(running: int, completions: float | None, to: int, want: Trial | None) -> None:
    facts = pool(queue(0, running, completions=completions), current=10, ready_slots=40)
    assert growth.begun(None, facts, to, 0.0) == want


@pytest.mark.parametrize(
    ("trial", "want"),
    [
        pytest.param(None, None, id="nothing is tried"),
        pytest.param(TRIED, None, id="a first try is not bounded"),
        pytest.param(FAILED, 10, id="a failed one is the end of growth"),
        pytest.param(Trial(0.0, 20, 20.0, failed=True), 5, id="and takes back what it has added"),
        pytest.param(Trial(0.0, 40, 20.0, cautious=True), 13, id="the next takes a quarter more"),
    ],
)
def test_the_limit_of_a_trial(trial: Trial | None, want: int | None) -> None:
    assert growth.limit(trial, pool(queue(), current=10)) == want


@pytest.mark.parametrize(("failures", "want"), [(0, 600), (1, 600), (2, 1200), (4, 4800), (5, 7200), (60, 7200)])
def test_each_failure_doubles_the_time_to_the_next_try(failures: int, want: float) -> None:
    assert Trial(0.0, 40, 20.0, failed=True, failures=failures).patience == want
