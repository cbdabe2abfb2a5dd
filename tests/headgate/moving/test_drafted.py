"""What becomes of manifests written for go-redis-work-queue's drafted operator."""

from __future__ import annotations

from typing import Any

import crds
from crds.conversion.kept import ANNOTATION
from headgate.moving import drafted
from headgate.moving.moved import Object
from tests.crds import beta


def of_the_draft(obj: Object, **metadata: Any) -> Object:
    return {**obj, "apiVersion": "queue.example.com/v1", "metadata": {**obj["metadata"], **metadata}}


def test_a_queue_comes_along_for_good() -> None:
    given = of_the_draft(beta.QUEUES[1], uid="1", finalizers=["queue.example.com/finalizer"], labels={"a": "b"})

    moved = drafted.moved(given)

    assert moved.refused == ()
    assert moved.obj["metadata"] == {"name": "thumbnails", "labels": {"a": "b"}}
    assert moved.obj["spec"]["rateLimit"] == {"jobs": 1000, "per": "1s", "burst": 2000}
    assert ANNOTATION not in str(moved.obj)
    assert moved.notes == (
        "spec.priority does not come along: v1 orders queues in spec.queues of the WorkerPool",
        'Secret auth needs the label headgate.dev/broker-credentials: "true"',
        "its key pw must be called password",
    )


def test_its_own_defaults_are_written_out() -> None:
    pool = drafted.moved(of_the_draft(beta.pool(autoScaling={"maxReplicas": 9}, drainPolicy={})))
    queue = drafted.moved(of_the_draft(beta.queue(deadLetterQueue={"retryBackoff": {"maxDelay": "1m"}})))

    spec = pool.obj["spec"]
    assert (spec["concurrency"], spec["maxInFlight"]) == (10, 100)
    assert spec["scaling"] == {"minReplicas": 1, "maxReplicas": 9, "jobsPerReplica": 100}
    assert spec["drain"] == {"timeout": "60s"}
    assert queue.obj["spec"]["retry"] == {
        "maxRetries": 3,
        "backoff": {"initial": "1s", "max": "1m", "multiplier": 2},
    }


def test_a_queue_that_names_no_redis_says_what_to_fill_in() -> None:
    moved = drafted.moved(of_the_draft(beta.beta("Queue")))

    assert moved.refused == ("spec.broker: Required value: must be set",)
    assert "spec.broker is for you to fill in" in moved.notes[0]


def test_whatever_is_good_in_v1beta1_is_good_when_moved() -> None:
    for kind, objects in beta.BY_KIND.items():
        for obj in objects:
            assert crds.validate(kind, drafted.moved(of_the_draft(obj)).obj) == ()
