from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from headgate.simulation import run as runs
from headgate.simulation import work
from headgate.simulation.laws import Headgate
from headgate.simulation.peers import HorizontalPodAutoscaler, Keda
from headgate.simulation.run import flips, percentile_of, run
from headgate.simulation.settings import QueueSettings, Settings, Span, Trouble
from headgate.simulation.work import Arrival, Rate, Sampler
from reconciler.plans import facts, schedules
from reconciler.plans.facts import Fallback, Hold

HALF_AN_HOUR = 1800.0


def pool(target: float | None = 10.0, minimum: int = 1) -> Settings:
    queues = (QueueSettings(target=target),)
    return Settings(
        max_replicas=20, min_replicas=minimum, concurrency=4, jobs_per_replica=4, queues=queues, startup=15.0
    )


@dataclass(frozen=True)
class Case:
    rate: Rate
    own: Settings = field(default_factory=pool)
    trouble: Trouble = field(default_factory=Trouble)
    service: Sampler = field(default_factory=lambda: work.exponential(2.0))
    warm: int | None = None
    want_wait: float = 10.0
    want_flips: float = 4.0
    want_last: int | None = None


CASES = {
    "20 busy slots": Case(work.constant(10), warm=6, want_flips=2),
    "a step to ten times the load": Case(work.step(1, 10, 600, 1200), own=pool(30.0), want_wait=30, want_last=2),
    "a burst of 2,000 jobs": Case(work.burst(2000, 60, 20), own=pool(120.0), want_wait=120, want_last=1),
    "a slow wave": Case(work.sine(2, 18, 900), own=pool(20.0), want_wait=20, want_flips=10),
    "by the number of jobs": Case(work.constant(10), own=pool(None), warm=6, want_flips=2),
    "from nothing and back to nothing": Case(
        work.step(0, 2, 60, 300), own=pool(60.0, minimum=0), want_wait=60, want_last=0
    ),
    "a broker that cannot be read for ten minutes": Case(
        work.constant(10), trouble=Trouble(unreadable=Span(600, 1200)), warm=6
    ),
    "a broker that reads empty for a minute": Case(
        work.constant(10), trouble=Trouble(reads_empty=Span(600, 660)), warm=6
    ),
    "an operator that restarts": Case(work.constant(10), trouble=Trouble(restart_at=900), warm=6),
    "a rollout": Case(work.constant(10), trouble=Trouble(rollout_at=900), warm=6),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_law_keeps_the_target_and_kills_nobody(case: Case) -> None:
    trace = work.poisson(case.rate, case.service, HALF_AN_HOUR, seed=1)
    outcome = run(trace, case.own, Headgate, case.trouble, warm=case.warm)
    seen = f"p95 {outcome.wait(95):.1f} s, {outcome.flips:.1f} flips, last {outcome.samples[-1].wanted}"
    assert outcome.wait(95) <= case.want_wait, seen
    assert outcome.flips <= case.want_flips, seen
    assert case.want_last is None or outcome.samples[-1].wanted == case.want_last, seen
    assert (outcome.busy_victims, outcome.jobs_cut) == (0, 0)
    assert len(outcome.waits) == len(trace.jobs)


def test_an_unreadable_broker_never_shrinks_a_pool() -> None:
    trace = work.poisson(work.step(10, 0, 600, 1800), work.exponential(2.0), HALF_AN_HOUR, seed=1)
    outcome = run(trace, pool(), Headgate, Trouble(unreadable=Span(600, 1500)), warm=6)
    assert {sample.wanted for sample in outcome.samples[600:1500]} == {outcome.samples[599].wanted}


def test_the_first_job_wakes_a_pool_within_one_poll() -> None:
    """Jobs that come at any moment between two looks, minutes apart, to a pool of no workers."""
    jobs = [Arrival(300.0 * number + 0.37 * number, 1.0) for number in range(1, 6)]
    outcome = run(work.Trace(jobs, HALF_AN_HOUR), pool(60.0, minimum=0), Headgate)
    for arrived, *_ in jobs:
        woken = next(sample.time for sample in outcome.samples if sample.time >= arrived and sample.wanted > 0)
        assert woken - arrived <= Headgate.period
        before = next(sample for sample in reversed(outcome.samples) if sample.time < arrived)
        assert before.wanted == 0


def test_a_rollout_replaces_every_pod_and_stays_within_its_surge() -> None:
    trace = work.poisson(work.constant(10), work.exponential(2.0), HALF_AN_HOUR, seed=1)
    outcome = run(trace, pool(), Headgate, Trouble(rollout_at=900), warm=6)
    assert max(sample.pods - sample.wanted for sample in outcome.samples[900:1200]) == 2
    assert min(sample.ready - sample.wanted for sample in outcome.samples[900:1200]) >= 0


def test_growth_that_helps_nothing_is_taken_back() -> None:
    """Whatever is behind the workers can do 8 jobs at once, and 12 are needed."""
    trace = work.poisson(work.constant(6), work.fixed(2.0), HALF_AN_HOUR, seed=1)
    outcome = run(trace, replace(pool(), max_replicas=1000), Headgate, warm=3, ceiling=8)
    assert max(sample.wanted for sample in outcome.samples[600:]) <= 25


def test_the_peers_play_in_the_same_plant() -> None:
    trace = work.poisson(work.constant(10), work.exponential(2.0), HALF_AN_HOUR, seed=1)
    for law in (Keda, HorizontalPodAutoscaler):
        outcome = run(trace, pool(), law, warm=6)
        assert len(outcome.waits) == len(trace.jobs)
        assert outcome.busy_victims > 0, "they do not know which pods are busy"


def test_of_a_long_run_fewer_seconds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is worked out of a run is of all of it."""
    monkeypatch.setattr(runs, "MOST_SAMPLES", 900)
    outcome = run(work.Trace([], HALF_AN_HOUR), replace(pool(), paused=True), Headgate)
    assert [sample.time for sample in outcome.samples] == [2.0 * number for number in range(900)]
    assert outcome.pod_seconds == HALF_AN_HOUR


NIGHT = schedules.of_spec({"name": "night", "schedule": "10 0 * * *", "duration": "10m", "minReplicas": 9})


def test_a_schedule_is_kept_from_its_beginning_to_its_end() -> None:
    own = replace(pool(minimum=0), schedules=(NIGHT,))
    outcome = run(work.Trace([], HALF_AN_HOUR), own, Headgate)
    wanted = {minute: outcome.samples[60 * minute + 5].wanted for minute in (9, 10, 19, 29)}
    assert wanted == {9: 0, 10: 9, 19: 9, 29: 0}


def test_a_hold_is_obeyed_until_it_ends() -> None:
    own = replace(pool(), hold=Hold(7, until=pool().begin.timestamp() + 600))
    outcome = run(work.Trace([], HALF_AN_HOUR), own, Headgate)
    assert {sample.wanted for sample in outcome.samples[:600]} == {7}
    assert outcome.samples[-1].wanted == 1


def test_a_fallback_is_the_floor_once_nothing_can_be_read() -> None:
    own = replace(pool(), fallback=Fallback(300.0, 8))
    outcome = run(work.Trace([], HALF_AN_HOUR), own, Headgate, Trouble(unreadable=Span(600, 1200)))
    assert (outcome.samples[890].wanted, outcome.samples[910].wanted) == (1, 8)


def test_a_rate_limit_makes_jobs_wait_and_no_workers() -> None:
    """Ten jobs a second come, and one may begin: more workers would not help."""
    limited = QueueSettings(target=10.0, rate=facts.Rate(60, 60.0, "1m"))
    load = work.poisson(work.constant(10), work.fixed(2.0), 600.0, seed=1)
    outcome = run(load, replace(pool(), queues=(limited,)), Headgate)
    assert outcome.wait(50) > 200
    assert max(sample.wanted for sample in outcome.samples[300:]) <= 2


@dataclass(frozen=True)
class Queues:
    """Two queues of the same load, and how the jobs of each may wait."""

    own: tuple[QueueSettings, QueueSettings]
    want: tuple[float, float]


QUEUES = {
    "in order, strictest first": Queues((QueueSettings("a", 10.0), QueueSettings("b", 120.0)), (10.0, 120.0)),
    "in turns": Queues((QueueSettings("a", 10.0, weight=2), QueueSettings("b", 10.0, weight=1)), (10.0, 10.0)),
    "one without a target": Queues((QueueSettings("a", 10.0), QueueSettings("b")), (10.0, 60.0)),
}


@pytest.mark.parametrize("case", QUEUES.values(), ids=QUEUES.keys())
def test_each_queue_keeps_its_own_target(case: Queues) -> None:
    step = work.step(1, 5, 600, 1200)
    loads = {
        queue.name: work.poisson(step, work.exponential(2.0), HALF_AN_HOUR, seed)
        for seed, queue in enumerate(case.own, start=1)
    }
    load = work.together(loads)
    outcome = run(load, replace(pool(), queues=case.own), Headgate)
    waits = tuple(percentile_of(waits, 95) for waits in outcome.queue_waits)
    assert all(wait <= most for wait, most in zip(waits, case.want, strict=True)), waits
    assert [len(waits) for waits in outcome.queue_waits] == [len(one.jobs) for one in loads.values()]
    assert outcome.busy_victims == 0


@pytest.mark.parametrize(
    ("numbers", "want"), [([], 0), ([1, 1, 1], 0), ([1, 2, 3], 0), ([1, 3, 2], 1), ([1, 3, 3, 2, 2, 4], 2)]
)
def test_flips(numbers: list[int], want: int) -> None:
    assert flips(numbers) == want
