from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.brokers.changes import Change, between
from reconciler.brokers.observation import UNKNOWN_COUNT, Observation, estimated, exact
from reconciler.brokers.records import Records, Told, parse_all
from tests.reconciler.brokers.records import record

NOW = 1_800_000_000.0
PLAIN = Observation(NOW, waiting=exact(10), running=exact(4))


def workers(**completed: int) -> Records:
    def told(runs: int) -> dict[str, Any]:
        return {
            "completed": runs,
            "busySeconds": 2.0 * runs,
            "serviceSeconds": 1.5 * runs,
            "serviceSecondsSq": 4 * runs,
        }

    return parse_all({f"{pod}.1": record(f"{pod}.1", **told(runs)) for pod, runs in completed.items()}, NOW)


TOLD = replace(PLAIN, workers=workers(a=100, b=50))

CASES: dict[str, tuple[Observation, Observation, Change]] = {
    "nobody counts": (PLAIN, replace(PLAIN, waiting=exact(7)), Change(busy=8.0)),
    "the broker counts": (
        replace(PLAIN, enqueued=500, finished=480),
        replace(PLAIN, waiting=exact(12), enqueued=509, finished=487),
        Change(exact(9), exact(7), 7, 8.0),
    ),
    "the workers tell": (
        TOLD,
        replace(TOLD, waiting=exact(12), running=exact(5), workers=workers(a=103, b=54)),
        Change(estimated(10), estimated(7), 8, 14.0, Told(7, 10.5, 28.0, 14.0, waits=None)),
    ),
    "a new worker": (
        TOLD,
        replace(TOLD, workers=workers(a=100, b=50, c=3)),
        Change(estimated(3), estimated(3), 3, 6.0, Told(3, 4.5, 12.0, 6.0, waits=None)),
    ),
    "a worker that is gone": (
        TOLD,
        replace(TOLD, workers=workers(a=101)),
        Change(estimated(1), estimated(1), 1, 2.0, Told(1, 1.5, 4.0, 2.0, waits=None)),
    ),
    "a record that was not read": (
        replace(TOLD, records_left_out=1),
        replace(TOLD, workers=workers(a=100, b=50, c=3000)),
        Change(busy=8.0),
    ),
    "a counter set anew": (
        replace(PLAIN, enqueued=500, finished=480),
        replace(PLAIN, enqueued=3, finished=1),
        Change(busy=8.0),
    ),
    "what runs is unknown": (
        replace(TOLD, running=UNKNOWN_COUNT),
        replace(TOLD, running=UNKNOWN_COUNT, workers=workers(a=101, b=50)),
        Change(UNKNOWN_COUNT, estimated(1), None, 2.0, Told(1, 1.5, 4.0, 2.0, waits=None)),
    ),
}


@pytest.mark.parametrize(("before", "after", "want"), CASES.values(), ids=CASES.keys())
def test_what_happened_between_two_readings(before: Observation, after: Observation, want: Change) -> None:
    assert between(before, after, 2.0) == want
