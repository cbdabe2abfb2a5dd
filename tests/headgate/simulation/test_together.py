from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import pytest

from headgate.simulation import work
from headgate.simulation.budget import Budget, Purse
from headgate.simulation.crew import Crew
from headgate.simulation.laws import Headgate
from headgate.simulation.peers import HorizontalPodAutoscaler
from headgate.simulation.plant import Plant
from headgate.simulation.run import Member, Outcome, percentile_of, run_together
from headgate.simulation.settings import QueueSettings, Settings
from headgate.simulation.work import Arrival, Trace
from reconciler.plans.decision import BoundBy, ReplicaDecision
from reconciler.plans.facts import PoolFacts, Rate

HALF_AN_HOUR = 1800.0
PREEMPTING = Budget(6, min_runtime=60.0)


def pool(*queues: QueueSettings, priority: int = 0) -> Settings:
    return Settings(max_replicas=20, concurrency=4, queues=queues, startup=15.0, priority=priority)


def plant(*jobs: tuple[float, float, int], pools: tuple[Settings, ...], quota: int | None = None) -> Plant:
    return Plant([Arrival(*job) for job in jobs], pools, seed=1, quota=quota)


def most(outcomes: list[Outcome]) -> int:
    """The most pods that there were at a time."""
    at_a_time: list[int] = [
        sum(sample.pods for sample in now) for now in zip(*(one.samples for one in outcomes), strict=True)
    ]
    return max(at_a_time)


def test_a_pool_takes_jobs_of_its_own_queues_only() -> None:
    one = plant(
        (1.0, 5.0, 0), (1.0, 5.0, 1), pools=(replace(pool(QueueSettings("a")), concurrency=1), pool(QueueSettings("b")))
    )
    one.crews[1].start(1, warm=True)
    one.advance(10.0)
    assert [(line.completed, len(line.waiting)) for line in one.lines] == [(0, 1), (1, 0)]


def test_a_limited_queue_is_come_back_to_while_another_pool_is_full() -> None:
    """One token is left for the first queue at 60 s, and the only worker of the second is busy all the time."""
    limited = QueueSettings("a", rate=Rate(1, 60.0, "1m"))
    one = plant(
        (0.0, 1.0, 0), (0.0, 1.0, 0), (0.0, 500.0, 1), (0.0, 1.0, 1),
        pools=(pool(limited), replace(pool(QueueSettings("b")), concurrency=1)),
    )  # fmt: skip
    for crew in one.crews:
        crew.start(1, warm=True)
    one.advance(100.0)
    assert one.lines[0].waits == [pytest.approx(0.0), pytest.approx(60.0)]


def test_pools_of_one_queue_work_it_off_together() -> None:
    jobs = [(0.0, 10.0, 0)] * 8
    one = plant(*jobs, pools=(pool(QueueSettings("a")), pool(QueueSettings("a"))))
    for crew in one.crews:
        crew.start(1, warm=True)
    one.advance(9.0)
    assert [len(pod.jobs) for crew in one.crews for pod in crew.pods] == [4, 4]


def test_a_quota_lets_no_more_pods_be() -> None:
    one = plant(pools=(pool(QueueSettings("a")), pool(QueueSettings("b"))), quota=5)
    one.crews[0].start(4)
    one.crews[1].start(4)
    assert [len(crew.pods) for crew in one.crews] == [4, 1]


def test_each_pool_takes_its_part_of_a_queue() -> None:
    parts = (Fraction(3, 4), Fraction(1, 4))
    members = [Member(pool(QueueSettings("jobs", 20.0, share=part)), Headgate) for part in parts]
    trace = work.poisson(work.constant(10), work.exponential(2.0), HALF_AN_HOUR, seed=1)
    large, small = run_together(replace(trace, queues=("jobs",)), members)
    assert large.wait(95) == small.wait(95) <= 20
    assert (large.samples[-1].wanted, small.samples[-1].wanted) == (5, 2)


@dataclass(frozen=True)
class Sharing:
    """`online` comes in a step and needs all of a budget for a while; `batch` would have all of it at any time."""

    budget: Budget = PREEMPTING

    @property
    def trace(self) -> Trace:
        return work.together(
            {
                "online": work.poisson(work.step(1, 8, 600, 1200), work.exponential(2.0), HALF_AN_HOUR, seed=1),
                "batch": work.poisson(work.constant(1), work.fixed(20.0), HALF_AN_HOUR, seed=2),
            }
        )

    @property
    def pools(self) -> tuple[Settings, Settings]:
        return pool(QueueSettings("online", 60.0), priority=1), pool(QueueSettings("batch", 600.0))


def test_a_budget_goes_to_the_pool_of_higher_priority_and_is_never_exceeded() -> None:
    case = Sharing()
    law = partial(Headgate, purse=Purse(case.budget))
    online, batch = outcomes = run_together(case.trace, [Member(one, law) for one in case.pools])
    assert most(outcomes) == case.budget.replicas
    assert percentile_of(online.queue_waits[0], 95) <= 60
    assert max(sample.wanted for sample in batch.samples[900:1200]) < max(sample.wanted for sample in batch.samples)
    assert sum(one.busy_victims + one.jobs_cut for one in outcomes) == 0


def test_under_a_quota_whoever_came_first_keeps_what_it_has() -> None:
    case = Sharing()
    members = [Member(one, HorizontalPodAutoscaler) for one in case.pools]
    online, _ = outcomes = run_together(case.trace, members, quota=case.budget.replicas)
    assert most(outcomes) == case.budget.replicas
    assert percentile_of(online.queue_waits[0], 95) > 60


def test_nobody_gives_where_the_budget_does_not_preempt() -> None:
    case = Sharing(replace(PREEMPTING, preempts=False))
    law = partial(Headgate, purse=Purse(case.budget))
    _, batch = outcomes = run_together(case.trace, [Member(one, law) for one in case.pools])
    assert most(outcomes) == case.budget.replicas
    numbers = [sample.wanted for sample in batch.samples[300:1200]]
    assert numbers == sorted(numbers)


def test_a_pool_that_has_not_asked_yet_gives_nothing() -> None:
    case = Sharing()
    purse = Purse(case.budget)
    one = plant(pools=case.pools)
    first, second = one.crews
    second.start(6, warm=True)
    one.advance(200.0)
    assert [_asked_for(4, crew, purse) for crew in (first, second, first, second)] == [0, 2, 0, 2]


def _asked_for(demand: int, crew: Crew, purse: Purse) -> int:
    """The number that a pool goes on with."""
    facts = PoolFacts(0.0, len(crew.serving), (), max_replicas=20, min_replicas=0)
    found = purse.within(crew, facts, ReplicaDecision(demand, BoundBy.DEMAND, demand=demand))
    entitled = found.entitlement.replicas if found.entitlement is not None else demand
    decision = ReplicaDecision(min(demand, entitled), BoundBy.BUDGET, demand=demand)
    purse.settle(crew, found, decision)
    return decision.to
