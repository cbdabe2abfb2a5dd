"""When what workers and brokers say proves a pod idle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from reconciler.brokers.observation import Observation
from reconciler.workers import Activity, Asked, Fences, states
from tests.reconciler.brokers.records import fields, record

INSTANCE: Final = "pod-1.0a1b2c3d"
ASKED: Final = Asked(fields()["podUID"], "pod-1", "containerd://c", "ScaleDown/2026-11-26T00:00:00Z")
SEEN: Final = fields()["time"]
"""The broker's time when the pod had been seen with its request."""
LATER: Final = SEEN + 2


def told(kept: Mapping[str, int] | None = None, at: float = LATER, **changes: Any) -> Observation:
    """What a queue's broker says soon after the worker has written its record."""
    written = record(INSTANCE, **{"time": SEEN + 1, "state": "Drained", **changes})
    return Observation(at, records={INSTANCE: written}, kept=kept or {})


CASES: Final = {
    "a fresh record that says Drained, written after the request was seen": (told(), Activity.DRAINED),
    "one that was written before": (told(time=SEEN - 1), Activity.IDLE),
    "one that is old": (told(at=LATER + 60), Activity.UNKNOWN),
    "one of a pod of that name before this one": (told(podUID="another"), Activity.UNKNOWN),
    "one that says Drained, and that a job runs": (told(running=1), Activity.BUSY),
    "one that says Drained, and that it is fetching": (told(fetching=1), Activity.IDLE),
    "one that says it has not been asked": (told(state="Running"), Activity.IDLE),
    "the broker keeps no job for it": (told({INSTANCE: 0}), Activity.DRAINED),
    "the broker still keeps a job for it": (told({INSTANCE: 1}), Activity.BUSY),
    "the broker keeps a job for another one": (told({"pod-2.ffffffff": 1}), Activity.DRAINED),
    "garbage": (Observation(LATER, records={INSTANCE: b"{{{"}), Activity.UNKNOWN),
    "nothing": (Observation(LATER), Activity.UNKNOWN),
}


@pytest.mark.parametrize(("seen", "want_activity"), CASES.values(), ids=CASES.keys())
def test_what_a_queue_proves_of_its_worker(seen: Observation, want_activity: Activity) -> None:
    assert activity({"orders": seen}) is want_activity


def test_all_queues_of_a_worker_have_to_agree() -> None:
    assert activity({"orders": told(), "mails": told()}) is Activity.DRAINED
    assert activity({"orders": told(), "mails": told({INSTANCE: 1})}) is Activity.BUSY


def test_without_having_seen_the_request_nothing_proves_anything() -> None:
    assert states([ASKED], {"orders": told()}, Fences())[ASKED.uid].activity is Activity.IDLE


def activity(observations: Mapping[str, Observation]) -> Activity:
    """Of the one pod, which was seen with its request before its broker said anything."""
    fences = Fences()
    fences.seen([ASKED])
    for queue in observations:
        fences.read(queue, SEEN)
    return states([ASKED], observations, fences)[ASKED.uid].activity
