from __future__ import annotations

import pytest

from reconciler.plans import history
from reconciler.plans.decision import BoundBy, Record, ReplicaDecision, Step, may_wait, record
from reconciler.plans.replicas import decide
from tests.reconciler.plans.builders import PER_MINUTE, pool, queue, unreadable

UNSEEN = "arrivals unknown, service time unknown, start-up 30s, read 0s ago"


def test_the_bill_names_every_number_and_the_bound_that_won() -> None:
    facts = pool(queue(311, 44), unreadable("mails"), current=6)
    decision, _ = decide(facts, history.seeded(0, 6), 0)
    assert decision.steps == (
        Step("Signals", 6, f"orders: 311 waiting, 44 running, {UNSEEN}"),
        Step("Signals", 6, "mails is unreadable"),
        Step("Outcomes", 6, "orders: completions unknown, wait p95 unknown, latency p95 unknown"),
        Step("Queue", 89, "orders: 44 running / 4 + 311 waiting / 4"),
        Step("Queue", 0, "mails: unknown running / 4 + unknown waiting / 4"),
        Step("Demand", 89),
        Step("MaxReplicas", 20),
    )


def test_the_bill_of_a_rate_limit() -> None:
    facts = pool(queue(5000, 3, rate=PER_MINUTE, service_seconds=0.05), current=1)
    decision, _ = decide(facts, history.seeded(0, 1), 0)
    assert decision.steps == (
        Step(
            "Signals",
            1,
            "orders: 5000 waiting, 3 running, arrivals unknown, 50ms a job, start-up 30s, read 0s ago",
        ),
        Step("Queue", 1251, "orders: 3 running / 4 + 5000 waiting / 4"),
        Step("Demand", 1251),
        Step("RateLimit", 1, "as many as 300 per 1m keeps busy"),
    )


def test_fifty_queues_leave_out_the_middle_of_the_bill() -> None:
    facts = pool(*(queue(10, name=f"q{number}") for number in range(50)))
    decision, _ = decide(facts, history.seeded(0, 0), 0)
    assert len(decision.steps) == 16
    assert decision.steps[8] == Step("More", 3, "37 more queues")
    assert decision.steps[-2:] == (Step("Demand", 125), Step("MaxReplicas", 20))


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("orders", "not shrinking: orders is unreadable"),
        ("orders-of-the-day", "not shrinking: orders-of.. is unreadable"),
    ],
)
def test_a_long_name_gives_way(name: str, want: str) -> None:
    decision, _ = decide(pool(unreadable(name), current=1), history.seeded(0, 1), 0)
    assert decision.summary == want


def decision(
    to: int, bound_by: BoundBy = BoundBy.DEMAND, summary: str = "", steps: tuple[Step, ...] = ()
) -> ReplicaDecision:
    return ReplicaDecision(to, bound_by, steps, summary)


def test_the_record_stays_while_only_counts_change() -> None:
    first = record(None, decision(3, steps=(Step("Queue", 3, "12 waiting"),)), 1, 10.0)
    assert record(first, decision(3, steps=(Step("Queue", 3, "11 waiting"),)), 3, 20.0) is first
    assert (first.time, first.start, first.decision.to) == (10.0, 1, 3)


@pytest.mark.parametrize(
    ("changed", "want"),
    [
        (decision(4), (40.0, 3)),
        (decision(3, BoundBy.MAX_REPLICAS), (10.0, 1)),
        (decision(3, summary="follows the jobs of orders"), (10.0, 1)),
    ],
    ids=["number", "bound", "summary"],
)
def test_the_record_changes_with(changed: ReplicaDecision, want: tuple[float, int]) -> None:
    """But it goes on telling when the number last changed, and from what."""
    first = record(None, decision(3), 1, 10.0)
    assert record(first, changed, 3, 40.0) == Record(*want, changed)


@pytest.mark.parametrize(
    ("changed", "want"),
    [
        pytest.param(decision(3, BoundBy.DAMPING), True, id="another bound of the load"),
        pytest.param(decision(3, summary="follows the jobs of orders"), True, id="other words for the same bound"),
        pytest.param(decision(3, BoundBy.HOLD), False, id="somebody's word"),
        pytest.param(decision(4), False, id="another number"),
    ],
)
def test_what_may_wait_to_be_told(changed: ReplicaDecision, want: bool) -> None:
    first = record(None, decision(3), 1, 10.0)
    assert may_wait(first, record(first, changed, 3, 12.0)) is want
