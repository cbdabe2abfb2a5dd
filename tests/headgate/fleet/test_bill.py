from __future__ import annotations

from pathlib import Path
from typing import Any

from headgate.fleet import bill
from reconciler.phases.pool.scaling_record import as_status
from reconciler.plans import decision, history
from reconciler.plans.facts import Outcomes, Source
from reconciler.plans.replicas import decide
from tests.reconciler.plans.builders import PER_MINUTE, steady
from tests.reconciler.plans.builders import pool as facts_of

PAGE = Path(__file__).parents[3] / "docs" / "scaling.md"

DECISION = {
    "time": "2026-11-25T20:15:00Z",
    "from": 2,
    "to": 5,
    "boundBy": "RateLimit",
    "steps": [
        {"name": "Signals", "replicas": 2, "message": "orders: 12 waiting (oldest 3s), 20 running, about 10/s in"},
        {"name": "Queue", "replicas": 7, "message": "orders: wait p95 10s needs 26 slots: 20 busy on average + 6"},
        {"name": "Price", "replicas": 7, "message": "a wait of 1m would need 1 fewer, one of 5s 2 more"},
        {"name": "Demand", "replicas": 7},
        {"name": "RateLimit", "replicas": 5, "message": "as many as 300 per 1m keeps busy"},
    ],
}


def pool(**status: Any) -> dict[str, Any]:
    return {"kind": "WorkerPool", "metadata": {"name": "orders"}, "status": status}


def test_the_bill() -> None:
    told = bill.lines(pool(decision=DECISION, summary="5 serve the limit of 300 per 1m", desiredReplicas=5))
    assert list(told) == [
        "orders: 5 replicas (+3) since 2026-11-25T20:15:00Z: 5 serve the limit of 300 per 1m",
        "        orders: 12 waiting (oldest 3s), 20 running, about 10/s in",
        "     7  orders: wait p95 10s needs 26 slots: 20 busy on average + 6",
        "        a wait of 1m would need 1 fewer, one of 5s 2 more",
        "     7  asked for",
        "     5  rate limit: as many as 300 per 1m keeps busy",
        "     5  binding: rate limit",
    ]


def test_what_is_wanted_by_now_is_said_where_it_differs() -> None:
    *_, last = bill.lines(pool(decision=DECISION, desiredReplicas=4))
    assert last == "By now 4 are wanted."


def test_nothing_decided() -> None:
    assert list(bill.lines(pool())) == ["orders: nothing has been decided yet"]


def test_the_page_on_scaling_shows_a_bill_as_it_is_printed() -> None:
    """10 jobs a second of 2 s each, 40 of which wait for a pool of 1, behind a limit of 300 a minute."""
    estimated = frozenset({"arrivals", "completions"})
    source = Source(0.4, 4.0, estimated, outcomes=lambda: Outcomes(3.7, 9.2))
    orders = steady(waiting=40, running=4, completions=2.0, rate=PER_MINUTE, source=source)
    facts = facts_of(orders, current=1, ready_slots=4, maximum=30)
    decided, _ = decide(facts, history.seeded(0.0, 1), 0.0)
    record = decision.record(None, decided, 1, 1_795_637_700.0)
    told = bill.lines(pool(decision=as_status(record), summary=decided.summary, desiredReplicas=decided.to))
    assert "\n".join(["$ headgate explain workerpool orders", *told]) in PAGE.read_text(encoding="utf-8")
