"""What a bill says was known of a queue."""

from __future__ import annotations

import pytest

from reconciler.plans.decision import Step
from reconciler.plans.facts import QueueFacts, Source
from reconciler.plans.signals import signals
from tests.reconciler.plans.builders import pool, queue, steady, unreadable

GUESSED = Source(0.43, 12.34, frozenset({"waiting", "oldest", "arrivals"}))
CASES: dict[str, tuple[QueueFacts, str]] = {
    "all is counted": (
        steady(waiting=40, source=Source(2.0, 3.0)),
        "orders: 40 waiting (oldest 3s), 20 running, 10/s in, 2s a job, start-up 30s, read 2s ago",
    ),
    "what is estimated says so": (
        steady(waiting=40, source=GUESSED),
        "orders: about 40 waiting (oldest about 12s), 20 running, about 10/s in, 2s a job, start-up 30s,"
        " read 430ms ago",
    ),
    "no age where nothing waits": (
        steady(waiting=0, source=Source(0.0, 0.0)),
        "orders: 0 waiting, 20 running, 10/s in, 2s a job, start-up 30s, read 0s ago",
    ),
    "what is unknown says so": (
        queue(None, 4),
        "orders: waiting unknown, 4 running, arrivals unknown, service time unknown, start-up 30s, read 0s ago",
    ),
    "a queue that may have failed over": (
        steady(firm=False),
        "orders: 0 waiting, 20 running, 10/s in, 2s a job, start-up 30s, read 0s ago, in doubt",
    ),
    "a queue that cannot be read": (unreadable(), "orders is unreadable"),
    "a queue that is not there": (QueueFacts("orders", missing=True), "orders does not exist"),
    "rates that are small and large": (
        steady(arrivals_short=0.0333, arrivals_long=0.0333, service_seconds=12345.6),
        "orders: 0 waiting, 20 running, 0.033/s in, 3h25m46s a job, start-up 30s, read 0s ago",
    ),
}


@pytest.mark.parametrize(("given", "want"), CASES.values(), ids=CASES.keys())
def test_signals(given: QueueFacts, want: str) -> None:
    assert signals(pool(given, current=6)) == (Step("Signals", 6, want),)
