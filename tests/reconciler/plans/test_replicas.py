from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plans import history
from reconciler.plans.behavior import DOWN, UP, Behavior
from reconciler.plans.decision import BoundBy, ReplicaDecision
from reconciler.plans.facts import Entitlement, Fallback, Hold, PoolFacts, QueueFacts, Rate, Schedule
from reconciler.plans.replicas import decide
from tests.reconciler.plans.builders import EPOCH, PER_MINUTE, pool, queue, steady, unreadable


def decided(facts: PoolFacts, window: history.History | None = None, clock: float = 0.0) -> ReplicaDecision:
    return decide(facts, window or history.seeded(clock, facts.current), clock)[0]


@dataclass(frozen=True)
class Case:
    facts: PoolFacts
    want_to: int
    want_bound: BoundBy
    want_summary: str
    want_may_shrink: bool = True


CASES = {
    "no jobs and nothing there: nothing": Case(pool(queue()), 0, BoundBy.DEMAND, "no jobs"),
    "one job wakes one replica": Case(pool(queue(1)), 1, BoundBy.DEMAND, "follows the jobs of orders"),
    "waiting and running jobs add up before they are rounded": Case(
        pool(queue(5, 7), current=2), 3, BoundBy.DEMAND, "follows the jobs of orders"
    ),
    "shares that make a whole number are not rounded up": Case(
        pool(queue(2, 1), concurrency=3, jobs_per_replica=3), 1, BoundBy.DEMAND, "follows the jobs of orders"
    ),
    "jobsPerReplica divides the waiting jobs only": Case(
        pool(queue(100, 8), jobs_per_replica=20), 7, BoundBy.DEMAND, "follows the jobs of orders"
    ),
    "several queues are summed": Case(
        pool(queue(6), queue(6, name="mails")), 3, BoundBy.DEMAND, "follows the jobs of 2 queues"
    ),
    "a backlog beyond the maximum is bounded": Case(pool(queue(500)), 20, BoundBy.MAX_REPLICAS, "at maxReplicas 20"),
    "no jobs and a minimum": Case(pool(queue(), minimum=2, current=2), 2, BoundBy.MIN_REPLICAS, "at minReplicas 2"),
    "a paused queue counts only what runs": Case(
        pool(queue(400, 4, paused=True)), 1, BoundBy.DEMAND, "follows the jobs of orders"
    ),
    "a paused queue with nothing running counts nothing": Case(
        pool(queue(400, paused=True)), 0, BoundBy.DEMAND, "no jobs"
    ),
    "what waits in a paused queue need not be known": Case(
        pool(queue(None, paused=True)), 0, BoundBy.DEMAND, "no jobs"
    ),
    "a rate limit bounds what its backlog may ask for": Case(
        pool(queue(5000, 0, rate=PER_MINUTE, service_seconds=0.05)),
        1,
        BoundBy.RATE_LIMIT,
        "1 serves the limit of 300 per 1m",
    ),
    "a rate limit leaves as many replicas as keep it busy, and a tenth": Case(
        pool(queue(5000, 0, rate=PER_MINUTE, service_seconds=8.0)),
        11,
        BoundBy.RATE_LIMIT,
        "11 serve the limit of 300 per 1m",
    ),
    "a rate limit never goes below what runs": Case(
        pool(queue(5000, 12, rate=PER_MINUTE, service_seconds=0.05), current=3),
        3,
        BoundBy.RATE_LIMIT,
        "3 serve the limit of 300 per 1m",
    ),
    "a rate limit without a known service time bounds nothing": Case(
        pool(queue(5000, 0, rate=PER_MINUTE)), 20, BoundBy.MAX_REPLICAS, "at maxReplicas 20"
    ),
    "a rate limit bounds its own queue only": Case(
        pool(queue(5000, 0, rate=PER_MINUTE, service_seconds=0.05), queue(40, name="mails")),
        11,
        BoundBy.RATE_LIMIT,
        "11 serve the limit of 300 per 1m",
    ),
    "nothing known: the pool stays": Case(
        pool(unreadable(), current=6), 6, BoundBy.UNREADABLE, "not shrinking: orders is unreadable", False
    ),
    "nothing known and nothing there: nothing": Case(
        pool(unreadable()), 0, BoundBy.UNREADABLE, "not shrinking: orders is unreadable", False
    ),
    "nothing known: the minimum still holds": Case(
        pool(unreadable(), minimum=1), 1, BoundBy.MIN_REPLICAS, "at minReplicas 1", False
    ),
    "nothing known and a smaller maximum: the maximum is obeyed": Case(
        pool(unreadable(), current=30), 20, BoundBy.MAX_REPLICAS, "at maxReplicas 20"
    ),
    "one queue unreadable: the other may still grow the pool": Case(
        pool(unreadable(), queue(40, name="mails"), current=6),
        10,
        BoundBy.DEMAND,
        "follows the jobs of 2 queues",
        False,
    ),
    "one queue unreadable: the other may not shrink it": Case(
        pool(unreadable(), queue(name="mails"), current=6),
        6,
        BoundBy.UNREADABLE,
        "not shrinking: orders is unreadable",
        False,
    ),
    "two queues unreadable": Case(
        pool(unreadable(), unreadable("mails"), current=6),
        6,
        BoundBy.UNREADABLE,
        "not shrinking: 2 queues are unclear",
        False,
    ),
    "what runs is unknown: growth by what waits": Case(
        pool(queue(40, None), current=6), 10, BoundBy.DEMAND, "follows the jobs of orders", False
    ),
    "what runs is unknown: no shrinking": Case(
        pool(queue(0, None), current=6), 6, BoundBy.UNREADABLE, "not shrinking: orders partly unread", False
    ),
    "what waits is unknown: no shrinking": Case(
        pool(queue(None, 4), current=6), 6, BoundBy.UNREADABLE, "not shrinking: orders partly unread", False
    ),
    "what is due soon is unknown: no shrinking": Case(
        pool(queue(due_known=False), current=6), 6, BoundBy.UNREADABLE, "not shrinking: orders partly unread", False
    ),
    "an empty queue after a failover is in doubt": Case(
        pool(queue(firm=False), current=6), 6, BoundBy.UNREADABLE, "not shrinking: orders is in doubt", False
    ),
    "a burst during a failover still grows the pool": Case(
        pool(queue(40, firm=False), current=6), 10, BoundBy.DEMAND, "follows the jobs of orders", False
    ),
    "a fallback before its time changes nothing": Case(
        pool(unreadable(), current=2, fallback=Fallback(600, 5), unreadable_seconds=599),
        2,
        BoundBy.UNREADABLE,
        "not shrinking: orders is unreadable",
        False,
    ),
    "a fallback is a floor": Case(
        pool(unreadable(), current=2, fallback=Fallback(600, 5), unreadable_seconds=600),
        5,
        BoundBy.FALLBACK,
        "unreadable: at the fallback of 5",
        False,
    ),
    "a fallback is no ceiling": Case(
        pool(unreadable(), current=8, fallback=Fallback(600, 5), unreadable_seconds=600),
        8,
        BoundBy.UNREADABLE,
        "not shrinking: orders is unreadable",
        False,
    ),
    "a hold wins over the jobs": Case(pool(queue(400), current=6, hold=Hold(3)), 3, BoundBy.HOLD, "held at 3"),
    "a hold may stop a pool that has a minimum": Case(
        pool(queue(400), current=6, minimum=2, hold=Hold(0)), 0, BoundBy.HOLD, "held at 0"
    ),
    "a hold is bounded by the maximum": Case(pool(queue(), hold=Hold(30)), 20, BoundBy.HOLD, "held at 20"),
    "a hold wins over an unreadable queue": Case(
        pool(unreadable(), current=6, hold=Hold(3)), 3, BoundBy.HOLD, "held at 3"
    ),
    "a hold says until when": Case(
        pool(queue(), hold=Hold(3, EPOCH + 60)), 3, BoundBy.HOLD, "held at 3 until 2027-01-15T08:01Z"
    ),
    "a hold that has expired is none": Case(
        pool(queue(1), hold=Hold(3, EPOCH)), 1, BoundBy.DEMAND, "follows the jobs of orders"
    ),
    "a paused pool stays": Case(
        pool(queue(400), current=6, paused=True), 6, BoundBy.PAUSED, "paused: nothing is changed", False
    ),
    "fewer jobs than a moment ago: not yet": Case(
        pool(queue(4), current=6), 6, BoundBy.DAMPING, "shrinks once the load stays low"
    ),
    "a tenth fewer is left alone": Case(
        pool(queue(4 * 18), current=20), 20, BoundBy.DEMAND, "follows the jobs of orders"
    ),
    "a wait target staffs for what arrives": Case(
        pool(steady(), current=6), 6, BoundBy.DEMAND, "starts orders within 10s (p95)"
    ),
    "a wait target and jobs of unknown length: a slot a job": Case(
        pool(queue(7, 2, wait_target=10.0, arrivals_long=1.0, service_seconds=2.0, completed=4)),
        3,
        BoundBy.DEMAND,
        "starts orders within 10s (p95)",
    ),
    "a jump that chance does not explain counts at once": Case(
        pool(steady(arrivals_short=20.0), current=6), 11, BoundBy.DEMAND, "starts orders within 10s (p95)"
    ),
    "a jump that chance explains does not": Case(
        pool(steady(arrivals_short=12.0), current=6), 6, BoundBy.DEMAND, "starts orders within 10s (p95)"
    ),
    "a little more may wait": Case(
        pool(steady(waiting=3, arrivals_long=20.0, arrivals_short=20.0), current=10, ready_slots=40),
        10,
        BoundBy.DEMAND,
        "starts orders within 10s (p95)",
    ),
    "nothing grows by arrivals that are over": Case(
        pool(steady(running=0, arrivals_short=9.0)), 0, BoundBy.DEMAND, "no jobs"
    ),
    "rates that were counted too briefly make no working pool larger": Case(
        pool(steady(running=24, arrivals_long=20.0, watched_seconds=10.0), current=6, ready_slots=24),
        6,
        BoundBy.DEMAND,
        "starts orders within 10s (p95)",
    ),
    "unless jobs wait": Case(
        pool(steady(waiting=100, running=24, arrivals_long=20.0, watched_seconds=10.0), current=6, ready_slots=24),
        9,
        BoundBy.DEMAND,
        "starts orders within 10s (p95)",
    ),
    "without a target: what waits is gone before another pod could start": Case(
        pool(steady(waiting=12, running=24, wait_target=None), current=6, ready_slots=24),
        6,
        BoundBy.DEMAND,
        "follows the jobs of orders",
    ),
    "without a target: what waits is not": Case(
        pool(steady(waiting=200, running=24, wait_target=None), current=6, ready_slots=24),
        20,
        BoundBy.MAX_REPLICAS,
        "at maxReplicas 20",
    ),
    "a pool is not shrunk while more and more jobs come": Case(
        pool(steady(running=8, arrivals_middle=11.0), current=12),
        12,
        BoundBy.DAMPING,
        "shrinks once the load stays low",
    ),
    "slots that run jobs are kept at this moment": Case(
        pool(queue(), current=6, running_on_serving=17), 6, BoundBy.DAMPING, "shrinks once the load stays low"
    ),
    "long jobs keep their slots": Case(
        pool(queue(0, 20, service_seconds=1200.0, arrivals_long=0.0, wait_target=60.0), current=5),
        5,
        BoundBy.DEMAND,
        "starts orders within 1m (p95)",
    ),
    "a rate limit bounds what a wait target asks for": Case(
        pool(steady(waiting=5000, rate=PER_MINUTE), current=3),
        5,
        BoundBy.RATE_LIMIT,
        "5 serve the limit of 300 per 1m",
    ),
    "slots that run jobs are needed": Case(
        pool(queue(0, None), current=6, running_on_serving=17),
        6,
        BoundBy.UNREADABLE,
        "not shrinking: orders partly unread",
        False,
    ),
    "targets of several queues add up": Case(
        pool(steady(), steady(name="mails", wait_target=600.0), current=11),
        11,
        BoundBy.DEMAND,
        "follows the jobs of 2 queues",
    ),
    "workers that take their queues in order serve two streams as one": Case(
        pool(
            steady(wait_target=0.1),
            steady(name="mails", wait_target=600.0),
            current=0,
            ready_slots=44,
            in_order=True,
        ),
        11,
        BoundBy.DEMAND,
        "follows the jobs of 2 queues",
    ),
    "and where the lenient one comes first, the strict one has to wait for it": Case(
        pool(
            steady(wait_target=600.0),
            steady(name="mails", arrivals_short=1.0, arrivals_long=1.0, running=2, wait_target=0.1),
            current=0,
            ready_slots=44,
            in_order=True,
        ),
        9,
        BoundBy.DEMAND,
        "follows the jobs of 2 queues",
    ),
    "the first alone may need most": Case(
        pool(
            steady(wait_target=0.1),
            steady(name="mails", arrivals_short=0.1, arrivals_long=0.1, running=0, wait_target=600.0),
            current=0,
            ready_slots=44,
            in_order=True,
        ),
        8,
        BoundBy.DEMAND,
        "follows the jobs of 2 queues",
    ),
    "half of a queue that two pools share": Case(
        pool(steady(share=Fraction(1, 2)), current=3), 3, BoundBy.DEMAND, "starts orders within 10s (p95)"
    ),
    "a schedule raises the minimum": Case(
        pool(queue(), minimum=1, schedule=Schedule("office", 4)), 4, BoundBy.SCHEDULE, "at the 4 of schedule office"
    ),
    "a schedule is bounded by the maximum": Case(
        pool(queue(), schedule=Schedule("office", 40)), 20, BoundBy.MAX_REPLICAS, "at maxReplicas 20"
    ),
    "a budget leaves less": Case(
        pool(queue(60), current=15, entitlement=Entitlement(12, giving=3, receiver="team-a/serving")),
        12,
        BoundBy.BUDGET,
        "giving 3 to team-a/serving",
    ),
    "a budget that is waited for": Case(
        pool(queue(60), current=12, entitlement=Entitlement(12, waits=3, giver="team-b/batch")),
        12,
        BoundBy.BUDGET,
        "waits for 3 of team-b/batch",
    ),
    "a budget has nothing to give": Case(
        pool(queue(60), current=2, entitlement=Entitlement(4)), 4, BoundBy.BUDGET, "the budget leaves 4"
    ),
    "a budget leaves more than is needed": Case(
        pool(queue(8), entitlement=Entitlement(12)), 2, BoundBy.DEMAND, "follows the jobs of orders"
    ),
    "a behavior limits growth": Case(
        pool(queue(400), current=2, behavior=Behavior()), 6, BoundBy.BEHAVIOR, "as fast as scaling.behavior allows"
    ),
    "a behavior's tolerance leaves the pool alone": Case(
        pool(queue(43), current=10, behavior=Behavior()), 10, BoundBy.DEMAND, "follows the jobs of orders"
    ),
    "a smaller maximum is obeyed at once": Case(
        pool(queue(400), current=30), 20, BoundBy.MAX_REPLICAS, "at maxReplicas 20"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_decision(case: Case) -> None:
    decision = decided(case.facts)
    assert (decision.to, decision.bound_by, decision.summary, decision.may_shrink) == (
        case.want_to,
        case.want_bound,
        case.want_summary,
        case.want_may_shrink,
    )


counts = st.none() | st.integers(0, 10_000)
rates = st.none() | st.builds(Rate, st.integers(1, 1000), st.sampled_from([1.0, 60.0, 3600.0]), st.just("1m"))
queues = st.builds(
    QueueFacts,
    name=st.text(min_size=1, max_size=255),
    waiting=counts,
    running=counts,
    firm=st.booleans(),
    paused=st.booleans(),
    rate=rates,
    service_seconds=st.none() | st.floats(0.001, 1000),
    arrivals_short=st.none() | st.floats(0, 100),
    arrivals_long=st.none() | st.floats(0, 100),
    completions=st.none() | st.floats(0, 100),
    service_cv2=st.none() | st.floats(0, 20),
    completed=st.none() | st.integers(0, 100),
    wait_target=st.none() | st.floats(0.1, 3600),
    share=st.fractions(Fraction(1, 10), 1, max_denominator=10),
    due_known=st.booleans(),
)
behaviors = st.sampled_from([None, Behavior(), Behavior(up=DOWN, down=UP)])


@st.composite
def pools(draw: st.DrawFn, queue: st.SearchStrategy[QueueFacts] = queues) -> PoolFacts:
    maximum = draw(st.integers(1, 1000))
    return PoolFacts(
        now=EPOCH,
        current=draw(st.integers(0, 1000)),
        queues=tuple(draw(st.lists(queue, min_size=1, max_size=5))),
        min_replicas=draw(st.integers(0, maximum)),
        max_replicas=maximum,
        concurrency=draw(st.integers(1, 1000)),
        jobs_per_replica=draw(st.integers(1, 1000)),
        fallback=draw(st.none() | st.builds(Fallback, st.floats(0, 600), st.integers(0, 1000))),
        unreadable_seconds=draw(st.floats(0, 1200)),
        startup_seconds=draw(st.floats(0, 600)),
        ready_slots=draw(st.none() | st.integers(0, 1000)),
        running_on_serving=draw(st.none() | st.integers(0, 1000)),
        starting=tuple(draw(st.lists(st.floats(0, 600), max_size=3))),
        in_order=draw(st.booleans()),
        behavior=draw(behaviors),
    )


@given(pools())
def test_never_outside_its_bounds(facts: PoolFacts) -> None:
    assert facts.min_replicas <= decided(facts).to <= facts.max_replicas


@given(pools(), st.integers(0, 1000))
def test_a_window_of_anything_stays_within_the_bounds(facts: PoolFacts, earlier: int) -> None:
    assert facts.min_replicas <= decided(facts, history.seeded(-10, earlier)).to <= facts.max_replicas


@given(pools(queues.filter(lambda queue: not queue.complete)), st.integers(0, 1000))
def test_unknown_never_shrinks(facts: PoolFacts, earlier: int) -> None:
    decision = decided(facts, history.seeded(-10, earlier))
    assert decision.to >= min(facts.current, facts.max_replicas)
    assert not decision.may_shrink or facts.current > facts.max_replicas


@given(pools(), st.integers(0, 4), st.integers(1, 10_000))
def test_more_waiting_never_means_fewer(facts: PoolFacts, index: int, more: int) -> None:
    chosen = index % len(facts.queues)
    grown = [
        replace(q, waiting=q.waiting + more) if i == chosen and q.waiting is not None else q
        for i, q in enumerate(facts.queues)
    ]
    assert decided(replace(facts, queues=tuple(grown))).to >= decided(facts).to


@given(pools(st.builds(QueueFacts, name=st.just("orders"), waiting=st.just(0), running=st.just(0))))
def test_no_jobs_for_long_enough_ends_at_the_minimum(facts: PoolFacts) -> None:
    facts = replace(facts, running_on_serving=0)
    window = history.seeded(0, facts.current)
    for clock in range(0, 3700, 20):
        decision, window = decide(facts, window, float(clock))
        facts = replace(facts, current=decision.to)
    assert facts.current == facts.min_replicas


@given(pools())
def test_the_bill_fits_its_place(facts: PoolFacts) -> None:
    decision = decided(facts)
    assert 1 <= len(decision.summary) <= 40
    assert 1 <= len(decision.steps) <= 16
    assert all(len(step.message) <= 120 for step in decision.steps)
    assert decision.steps[-1].replicas == decision.to
