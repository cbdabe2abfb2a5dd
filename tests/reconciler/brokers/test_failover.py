from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from reconciler.brokers.failover import Doubt, doubt_after, sign
from reconciler.brokers.observation import Identity, Observation, exact
from reconciler.brokers.records import parse_all
from tests.reconciler.brokers.records import record

MASTER = Identity("run-1", "replication-1", "master")
NOW = 100.0


def seen(waiting: int, running: int = 0, identity: Identity = MASTER, finished: int | None = None) -> Observation:
    return Observation(1_800_000_000.0, exact(waiting), exact(running), identity=identity, finished=finished)


def with_completed(observation: Observation, completed: int) -> Observation:
    return replace(observation, workers=parse_all({"a.1": record("a.1", completed=completed)}, observation.time))


@dataclass(frozen=True)
class Case:
    previous: Observation | None
    current: Observation
    want: str


CASES = {
    "the first look": Case(None, seen(0), ""),
    "nothing special": Case(seen(50), seen(20), ""),
    "another run of the server": Case(
        seen(50), seen(50, identity=replace(MASTER, run_id="run-2")), "another server answers"
    ),
    "another history": Case(
        seen(50), seen(50, identity=replace(MASTER, replication_id="replication-2")), "another server answers"
    ),
    "a replica": Case(None, seen(0, identity=replace(MASTER, role="slave")), "the broker is a replica"),
    "a server that tells nothing of itself": Case(seen(50), seen(50, identity=Identity()), ""),
    "a few jobs were done between two looks": Case(seen(5, 4), seen(0), ""),
    "many jobs gone, and nobody counts": Case(seen(150, 50), seen(0), "all jobs vanished"),
    "some jobs gone, and nobody counts": Case(seen(150, 49), seen(0), ""),
    "jobs gone that the group never finished": Case(seen(40, finished=7), seen(0, finished=7), "all jobs vanished"),
    "jobs gone that the group finished": Case(seen(40, finished=7), seen(0, finished=47), ""),
    "jobs gone that no worker finished": Case(
        with_completed(seen(40), 10), with_completed(seen(0), 12), "all jobs vanished"
    ),
    "jobs gone that a worker finished": Case(with_completed(seen(40), 10), with_completed(seen(0), 50), ""),
    "jobs gone with their workers' records": Case(with_completed(seen(40), 10), seen(0), "all jobs vanished"),
    "an unknown signal is no drop": Case(seen(500), Observation(0.0, exact(0), identity=MASTER), ""),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_doubt(case: Case) -> None:
    doubt = doubt_after(None, sign(case.previous, case.current), NOW)
    assert doubt == (Doubt(case.want, NOW + 60) if case.want else None)


def test_doubt_lasts_a_minute() -> None:
    doubt = Doubt("another server answers", NOW + 60)
    assert doubt_after(doubt, sign(seen(1), seen(1)), NOW + 59.9) is doubt
    assert doubt_after(doubt, sign(seen(1), seen(1)), NOW + 60) is None


def test_a_new_sign_begins_it_again() -> None:
    doubt = Doubt("another server answers", NOW + 60)
    again = doubt_after(doubt, sign(seen(500), seen(0)), NOW + 30)
    assert again == Doubt("all jobs vanished", NOW + 90)
