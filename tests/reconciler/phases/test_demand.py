from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from policies import effective
from reconciler.brokers.errors import BrokerUnreachable
from reconciler.brokers.failover import Doubt
from reconciler.brokers.observation import Observation, exact
from reconciler.brokers.records import parse_all
from reconciler.brokers.sight import Sight, failed, seen
from reconciler.observations import Sighting
from reconciler.phases.pool.demand import (
    NO_WORKERS,
    QueueWorld,
    Workers,
    pool_facts,
    queue_facts,
    unreadable_seconds,
)
from reconciler.phases.pool.serving import Serving
from reconciler.plans.facts import Fallback, Hold, PoolFacts, QueueFacts, Rate
from tests.reconciler.brokers.records import record

NOW = 1000.0
BROKER_NOW = 1_800_000_000.0
OBSERVED = Observation(BROKER_NOW, exact(7), exact(2), exact(3), exact(1))
SEEN = seen(None, OBSERVED, NOW)
WORKERS = parse_all({"a.1": record("a.1", completed=10, serviceSeconds=20.0, serviceSecondsSq=50.0)}, BROKER_NOW)


def flowed() -> Sight:
    """A minute in which the broker counted 3 jobs a second in and 2.5 out."""
    sight: Sight | None = None
    for poll in range(31):
        at = NOW - 60 + 2 * poll
        sight = seen(sight, replace(OBSERVED, enqueued=100 + 6 * poll, finished=90 + 5 * poll), at)
    assert sight is not None
    return sight


FLOWED = flowed()


def world(sight: Sight | None = SEEN, age: float = 0.0, **spec: Any) -> QueueWorld:
    whole = {"broker": {"redis": {"layout": "List", "url": "redis://redis"}}, **spec}
    sighting = None if sight is None else Sighting(sight, NOW - age)
    return QueueWorld("orders", whole, effective.queue(whole), sighting)


UNREADABLE = QueueFacts("orders")
FLOWING = QueueFacts(
    "orders",
    8,
    2,
    service_seconds=0.8,
    completed=150,
    arrivals_short=3.0,
    arrivals_middle=3.0,
    arrivals_long=3.0,
    watched_seconds=60.0,
    completions=2.5,
)
CASES: dict[str, tuple[QueueWorld, QueueFacts]] = {
    "what is due counts as waiting": (world(), QueueFacts("orders", 8, 2, watched_seconds=0.0)),
    "never seen": (world(None), UNREADABLE),
    "seen a moment ago": (world(age=15.0), QueueFacts("orders", 8, 2, watched_seconds=0.0)),
    "seen too long ago": (world(age=15.1), UNREADABLE),
    "not there": (QueueWorld("orders"), QueueFacts("orders", missing=True)),
    "a failed reading": (world(failed(SEEN, BrokerUnreachable("away"), NOW)), UNREADABLE),
    "after a failover": (
        world(replace(SEEN, doubt=Doubt("x", NOW + 1))),
        QueueFacts("orders", 8, 2, watched_seconds=0.0, firm=False),
    ),
    "paused": (world(paused=True), QueueFacts("orders", 8, 2, watched_seconds=0.0, paused=True)),
    "paused and unreadable": (world(None, paused=True), QueueFacts("orders", paused=True)),
    "what waits is unknown": (
        world(seen(None, replace(OBSERVED, waiting=Observation(0.0).waiting), NOW)),
        QueueFacts("orders", None, 2, watched_seconds=0.0),
    ),
    "what is due beyond what comes anyway counts": (
        world(replace(FLOWED, observation=replace(OBSERVED, scheduled=exact(900), due=exact(100), due_seconds=32.0))),
        replace(FLOWING, waiting=7 + 100 - 3 * 32),
    ),
    "jobs that are scheduled all the time are what comes anyway": (
        world(replace(FLOWED, observation=replace(OBSERVED, scheduled=exact(900), due=exact(90), due_seconds=32.0))),
        replace(FLOWING, waiting=7),
    ),
    "what is due is unknown": (
        world(seen(None, replace(OBSERVED, due=Observation(0.0).due), NOW)),
        QueueFacts("orders", 7, 2, watched_seconds=0.0, due_known=False),
    ),
    "nothing is scheduled, so nothing is due": (
        world(seen(None, replace(OBSERVED, scheduled=exact(0), due=Observation(0.0).due), NOW)),
        QueueFacts("orders", 7, 2, watched_seconds=0.0),
    ),
    "a rate limit": (
        world(rateLimit={"jobs": 300, "per": "1m30s"}),
        QueueFacts("orders", 8, 2, watched_seconds=0.0, rate=Rate(300, 90.0, "1m30s")),
    ),
    "the workers' service time": (
        world(seen(None, replace(OBSERVED, workers=WORKERS), NOW)),
        QueueFacts("orders", 8, 2, watched_seconds=0.0, service_seconds=2.0, service_cv2=0.25, completed=10),
    ),
    "the flow of jobs": (world(FLOWED), FLOWING),
    "a wait target, and a part of the queue": (
        replace(world(), wait_target="1m30s", share=Fraction(1, 3)),
        QueueFacts("orders", 8, 2, watched_seconds=0.0, wait_target=90.0, share=Fraction(1, 3)),
    ),
}


@pytest.mark.parametrize(("given", "want"), CASES.values(), ids=CASES.keys())
def test_queue_facts(given: QueueWorld, want: QueueFacts) -> None:
    assert queue_facts(given, NOW) == want


AWAY = BrokerUnreachable("away")
LOST = failed(seen(None, OBSERVED, NOW - 100), AWAY, NOW - 98)
NEVER = failed(None, AWAY, NOW - 40)


@pytest.mark.parametrize(
    ("worlds", "want"),
    [
        ([world(LOST)], 100.0),
        ([world(NEVER)], 40.0),
        ([world(LOST), world(NEVER)], 40.0),
        ([world(LOST), world(age=3.0)], 3.0),
        ([world(LOST), QueueWorld("gone")], 100.0),
        ([world(None)], 0.0),
        ([], 0.0),
    ],
    ids=[
        "since the last reading",
        "since the first failure",
        "since any could be read",
        "one can be read",
        "one does not exist",
        "never looked",
        "no queues",
    ],
)
def test_how_long_nothing_could_be_read(worlds: list[QueueWorld], want: float) -> None:
    assert unreadable_seconds(worlds, NOW) == want


def facts_of(workers: Workers = NO_WORKERS, **spec: Any) -> PoolFacts:
    whole = {"queues": [{"name": "orders"}], "image": "i", "scaling": {"maxReplicas": 9}, **spec}
    time = datetime(2027, 1, 15, 8, tzinfo=UTC)
    return pool_facts(whole, effective.pool(whole), [world()], 4, time, NOW, workers)


def test_a_plain_pool() -> None:
    facts = facts_of()
    assert (facts.current, facts.min_replicas, facts.max_replicas) == (4, 1, 9)
    assert (facts.concurrency, facts.jobs_per_replica, facts.startup_seconds) == (1, 1, 30.0)
    assert (facts.percentile, facts.catch_up_seconds, facts.behavior) == (95, None, None)
    assert (facts.paused, facts.hold, facts.fallback) == (False, None, None)
    assert facts.now == BROKER_NOW


@pytest.mark.parametrize(
    ("queues", "want"),
    [
        ([{"name": "orders"}, {"name": "mails"}], True),
        ([{"name": "orders", "weight": 3}, {"name": "mails", "weight": 1}], False),
        ([{"name": "orders", "weight": 3}, {"name": "mails"}], False),
    ],
    ids=["the order of the list is strict", "weighed against one another", "one weight is enough"],
)
def test_how_workers_take(queues: list[dict[str, Any]], want: bool) -> None:
    assert facts_of(queues=queues).in_order is want


def test_a_pool_with_everything() -> None:
    facts = facts_of(
        concurrency=4,
        paused=True,
        hold={"replicas": 3, "until": "2027-01-15T09:00:00Z"},
        scaling={
            "maxReplicas": 9,
            "minReplicas": 2,
            "jobsPerReplica": 20,
            "startupTime": "90s",
            "fallback": {"replicas": 5},
            "wait": {"target": "10s", "percentile": 99},
            "catchUpTime": "2m",
            "behavior": {"scaleDown": {"selectPolicy": "Disabled"}},
        },
    )
    assert (facts.percentile, facts.catch_up_seconds) == (99, 120.0)
    assert facts.behavior is not None
    assert facts.behavior.down.select == "Disabled"
    assert (facts.min_replicas, facts.concurrency, facts.jobs_per_replica) == (2, 4, 20)
    assert (facts.paused, facts.startup_seconds) == (True, 90.0)
    assert facts.hold == Hold(3, BROKER_NOW + 3600)
    assert facts.fallback == Fallback(600.0, 5)


@pytest.mark.parametrize(("told", "measured", "want"), [(None, None, 30.0), (None, 12.0, 12.0), ("90s", 12.0, 90.0)])
def test_how_long_a_worker_takes_to_start(told: str | None, measured: float | None, want: float) -> None:
    scaling = {"maxReplicas": 9} | ({"startupTime": told} if told else {})
    assert facts_of(Workers(startup_seconds=measured), scaling=scaling).startup_seconds == want


def test_what_the_pods_amount_to() -> None:
    facts = facts_of(Workers(Serving(ready=3, running=7, starting=(4.0, 9.0))), concurrency=4)
    assert (facts.ready_slots, facts.running_on_serving, facts.starting) == (12, 7, (4.0, 9.0))
