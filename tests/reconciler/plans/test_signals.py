"""What a bill says was known of a queue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plans.decision import Step
from reconciler.plans.facts import Outcomes, QueueFacts, Source
from reconciler.plans.replicas import wanted
from reconciler.plans.signals import outcomes, signals
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


FARED: dict[str, tuple[QueueFacts, str]] = {
    "all is counted, but for what nobody can count": (
        steady(completions=9.96, source=Source(outcomes=lambda: Outcomes(3.14, 7.46))),
        "orders: 10/s out, wait p95 3s100ms, latency p95 about 7s500ms",
    ),
    "what is estimated says so": (
        steady(
            completions=0.25, source=Source(0.0, None, frozenset({"completions"}), lambda: Outcomes(90.0, judged=True))
        ),
        "orders: about 0.25/s out, wait p95 about 1m30s, latency p95 unknown",
    ),
    "what is unknown says so": (
        queue(7, 4),
        "orders: completions unknown, wait p95 unknown, latency p95 unknown",
    ),
}


@pytest.mark.parametrize(("given", "want"), FARED.values(), ids=FARED.keys())
def test_outcomes(given: QueueFacts, want: str) -> None:
    assert outcomes(pool(given, current=6)) == (Step("Outcomes", 6, want),)


def test_nothing_has_come_of_a_queue_that_is_not_read() -> None:
    assert outcomes(pool(unreadable(), QueueFacts("gone", missing=True), current=6)) == ()


def test_outcomes_are_worked_out_only_where_the_number_changes() -> None:
    asked: list[int] = []

    def told() -> Outcomes:
        asked.append(1)
        return Outcomes(1.0, 2.0)

    same = pool(steady(source=Source(outcomes=told)), current=6)
    assert (wanted(same).replicas, asked) == (6, [])
    grown = wanted(replace(same, current=1))
    assert (grown.replicas, len(asked)) == (6, 1)
    assert [step.name for step in grown.steps[:2]] == ["Signals", "Outcomes"]
