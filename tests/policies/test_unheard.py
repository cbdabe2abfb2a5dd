"""Settings that nothing comes of, and the lines in which their authors hear of it."""

from __future__ import annotations

from typing import Any

import pytest

from crds.v1.broker import RedisLayout
from policies import decide
from tests.policies.objects import Object, facts, policy, pool, queue

LIBRARIES = [layout for layout in RedisLayout.__args__ if layout not in ("List", "Stream")]  # type: ignore[attr-defined]
PURGED: Object = {"management": "Manage", "deletionPolicy": "Purge", "deadLetter": {"deletionPolicy": "Purge"}}
TARGET = {"target": "30s"}


def warned(new: Object, *world: Object) -> list[str]:
    decision = decide(facts(new, *world))
    assert decision.allowed, decision.denied
    return list(decision.warnings)


@pytest.mark.parametrize("layout", ["List", "Stream"])
def test_what_workers_of_our_own_layouts_read_needs_no_words(layout: str) -> None:
    dead = {"queueName": "d", "alertAbove": 3, "deletionPolicy": "Purge"}
    limits: Object = {"rateLimit": {"jobs": 3, "per": "1s"}, "retry": {"maxRetries": 1}}
    whole = queue(layout=layout, paused=True, **limits, **{**PURGED, "deadLetter": dead}, drainTimeout="1h")
    assert warned(whole) == []


QUEUES: list[Any] = [
    pytest.param(
        queue(layout="Celery", **PURGED),
        [
            "deletionPolicy Purge deletes nothing with layout Celery: that needs the layout List or Stream",
            "deadLetter.deletionPolicy Purge deletes nothing with layout Celery: that needs the layout List or Stream",
        ],
        id="a purge of what Headgate only reads",
    ),
    pytest.param(
        queue(layout="RQ", paused=True),
        [
            "spec.paused: no pool grows for it, but workers of layout RQ go on taking jobs: hold their pool at 0",
        ],
        id="a pause that no worker reads",
    ),
    pytest.param(
        queue(layout="Sidekiq", rateLimit={"jobs": 3, "per": "1s"}, retry={"maxRetries": 1}),
        [
            "rateLimit only bounds scaling with layout Sidekiq: its workers start jobs at their own pace",
            "retry has no effect with layout Sidekiq: its workers try again by settings of their own",
        ],
        id="limits that no worker reads",
    ),
    pytest.param(
        queue(layout="BullMQ", management="Manage"),
        ["management Manage writes nothing with layout BullMQ: only List and Stream are written to"],
        id="a broker that is not written to",
    ),
    pytest.param(
        queue(layout="Asynq", deadLetter={"queueName": "d", "alertAbove": 3}),
        ["deadLetter.queueName has no effect with layout Asynq, which has its own place for dead letters"],
        id="a place for dead letters that the library has itself",
    ),
    pytest.param(
        queue(layout="GoRedisWorkQueue", deadLetter={"queueName": "d", "alertAbove": 3}),
        [],
        id="a place for dead letters by which they are counted",
    ),
    pytest.param(
        queue(layout="Celery", deadLetter={"queueName": "d", "alertAbove": 3, "deletionPolicy": "Block"}),
        [
            "deadLetter.queueName has no effect with layout Celery, which keeps no dead letters",
            "deadLetter.alertAbove has no effect with layout Celery, which keeps no dead letters",
            "deadLetter.deletionPolicy Block refuses every deletion with layout Celery: nobody can count them",
        ],
        id="dead letters that nobody keeps",
    ),
    pytest.param(
        queue(drainTimeout="1h"),
        ["drainTimeout has no effect: a deletion only waits under deletionPolicy Drain"],
        id="a time for waiting, and nothing to wait for",
    ),
    pytest.param(queue(drainTimeout="1h", deletionPolicy="Drain"), [], id="a deletion that waits for jobs"),
    pytest.param(queue(drainTimeout="1h", management="Manage"), [], id="a deletion that waits for dead letters"),
]


@pytest.mark.parametrize(("new", "want"), QUEUES)
def test_queues(new: Object, want: list[str]) -> None:
    assert warned(new) == want


@pytest.mark.parametrize("layout", LIBRARIES)
def test_every_line_is_told_whole(layout: str) -> None:
    dead = {"queueName": "d", "alertAbove": 3, "deletionPolicy": "Block"}
    limits: Object = {"rateLimit": {"jobs": 3, "per": "1s"}, "retry": {"maxRetries": 1}}
    told = warned(queue(layout=layout, paused=True, management="Manage", deadLetter=dead, **limits))
    told += warned(queue(layout=layout, **PURGED))
    weighted = {**pool(), "spec": {**pool()["spec"], "queues": [{"name": "thumbnails", "weight": 2}]}}
    told += warned(weighted, queue(layout=layout))
    assert len(told) >= 7
    assert [line for line in told if line.endswith("...")] == []


def with_queues(*queues: Object, **spec: Any) -> Object:
    made = pool(**spec)
    return {**made, "spec": {**made["spec"], "queues": list(queues)}}


POOLS: list[Any] = [
    pytest.param(
        pool(scaling={"maxReplicas": 4, "jobsPerReplica": 10, "wait": TARGET}),
        ["jobsPerReplica has no effect: replicas follow from the wait targets"],
        id="jobs per replica beside a wait target",
    ),
    pytest.param(
        with_queues({"name": "thumbnails", "waitTarget": "30s"}, scaling={"maxReplicas": 4, "jobsPerReplica": 10}),
        ["jobsPerReplica has no effect: replicas follow from the wait targets"],
        id="jobs per replica where every queue has a target of its own",
    ),
    pytest.param(
        with_queues(
            {"name": "thumbnails", "waitTarget": "30s"},
            {"name": "orders"},
            scaling={"maxReplicas": 4, "jobsPerReplica": 10, "catchUpTime": "5m"},
        ),
        [],
        id="both, for a queue each",
    ),
    pytest.param(
        pool(scaling={"maxReplicas": 4, "catchUpTime": "5m"}),
        ["catchUpTime has no effect without a wait target: set scaling.wait.target too"],
        id="a time to catch up without a target",
    ),
    pytest.param(
        pool(rollout={"onLatencyBreach": "Pause"}),
        ["onLatencyBreach Pause has no effect without a wait target: set scaling.wait.target too"],
        id="a pause for waits that nobody bounds",
    ),
    pytest.param(
        pool(drain={"method": "Signal", "onTimeout": "Wait"}),
        ["onTimeout Wait has no effect with method Signal: what outlives drain.timeout is cut off"],
        id="waiting for workers that say nothing",
    ),
    pytest.param(pool(drain={"method": "Signal"}), [], id="Wait by default is nobody's word"),
    pytest.param(
        pool(workload={"type": "StatefulSet"}, rollout={"maxUnavailable": 0}),
        ["maxUnavailable 0 has no effect: a StatefulSet replaces one worker at a time, at least"],
        id="a StatefulSet of which nobody may be missing",
    ),
    pytest.param(
        with_queues({"name": "celery", "weight": 3}),
        ["spec.queues[0].weight: workers of layout Celery do not read it, but have settings of their own"],
        id="a weight that the workers do not read",
    ),
    pytest.param(
        with_queues({"name": "thumbnails", "priorities": ["high", "lwo", "urgent"], "weight": 3}),
        [
            'spec.queues[0].priorities[1]: queue thumbnails has no priority "lwo"; did you mean "low"?',
            'spec.queues[0].priorities[2]: queue thumbnails has no priority "urgent", so nothing comes of it',
        ],
        id="priorities that the queue has not",
    ),
]


@pytest.mark.parametrize(("new", "want"), POOLS)
def test_pools(new: Object, want: list[str]) -> None:
    world = (queue(priorities=["high", "low"]), queue("orders"), queue("celery", layout="Celery"))
    assert warned(new, *world) == want


def test_policies() -> None:
    ignoring = {"gitOps": "Ignore", "gitOpsManagers": ["deployer"]}
    assert warned(policy(drift=ignoring)) == ["gitOpsManagers has no effect: gitOps is Ignore"]


def test_what_did_not_change_is_not_told_again() -> None:
    before = queue(layout="RQ", paused=True)
    after = queue(layout="RQ", paused=True, maxJobDuration="5m")
    assert decide(facts(after, old=before)).warnings == ()
