from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from headgate.simulation import pools
from headgate.simulation.pools import PoolError
from headgate.simulation.settings import QueueSettings, Settings
from reconciler.plans import schedules
from reconciler.plans.behavior import DOWN, UP, Behavior, Rules, Select
from reconciler.plans.facts import Fallback, Hold, Rate

NIGHT = {"name": "night", "schedule": "0 22 * * *", "duration": "8h", "minReplicas": 5}


def spec(**scaling: Any) -> dict[str, Any]:
    return {"queues": [{"name": "jobs"}], "concurrency": 4, "scaling": {"maxReplicas": 9, **scaling}}


def test_what_the_manifest_leaves_open_is_built_in() -> None:
    assert pools.settings(spec()) == Settings(
        max_replicas=9, min_replicas=1, concurrency=4, jobs_per_replica=4, startup=30.0
    )


def test_everything_that_scaling_says() -> None:
    said = spec(
        minReplicas=2,
        jobsPerReplica=8,
        wait={"target": "20s", "percentile": 90},
        catchUpTime="1m",
        startupTime="45s",
        behavior={"scaleDown": {"selectPolicy": "Disabled"}},
        fallback={"replicas": 3},
        schedules=[NIGHT],
    )
    assert pools.settings(said, {"jobs": {"rateLimit": {"jobs": 5, "per": "1s"}}}) == Settings(
        max_replicas=9,
        min_replicas=2,
        concurrency=4,
        jobs_per_replica=8,
        queues=(QueueSettings(target=20.0, rate=Rate(5, 1.0, "1s"), burst=5),),
        percentile=90,
        catch_up=60.0,
        startup=45.0,
        known_startup=45.0,
        behavior=Behavior(up=UP, down=Rules(DOWN.window, DOWN.policies, Select.DISABLED)),
        schedules=(schedules.of_spec(NIGHT),),
        fallback=Fallback(600.0, 3),
    )


def test_somebody_may_have_the_last_word() -> None:
    held = spec() | {"paused": True, "hold": {"replicas": 7, "until": "2026-01-05T01:00:00Z"}}
    found = pools.settings(held)
    assert (found.paused, found.hold) == (True, Hold(7, datetime(2026, 1, 5, 1, tzinfo=UTC).timestamp()))


def test_each_queue_is_played_as_itself() -> None:
    said = spec(wait={"target": "1m"}) | {"queues": [{"name": "a", "waitTarget": "10s", "weight": 3}, {"name": "b"}]}
    queues = {"b": {"paused": True, "rateLimit": {"jobs": 5, "per": "1s", "burst": 9}}}
    found = pools.settings(said, queues)
    assert found.queues == (
        QueueSettings("a", target=10.0, weight=3),
        QueueSettings("b", target=60.0, rate=Rate(5, 1.0, "1s"), burst=9, paused=True),
    )
    assert not found.in_order


def test_pods_may_really_take_longer_than_the_pool_is_told() -> None:
    found = pools.settings(spec(startupTime="10s"), startup=90.0)
    assert (found.startup, found.known_startup) == (90.0, 10.0)


def test_a_schedule_that_means_nothing_is_not_left_out() -> None:
    with pytest.raises(PoolError, match="there is no time zone Mars/North"):
        pools.settings(spec(schedules=[NIGHT | {"timeZone": "Mars/North"}]))


@pytest.mark.parametrize(
    ("more", "queue", "want"),
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param({"maxInFlight": 4}, {}, [], id="a value that changes nothing"),
        pytest.param({"maxInFlight": 8}, {}, ["maxInFlight"], id="jobs that are fetched ahead"),
        pytest.param({"workload": {"type": "StatefulSet"}}, {}, ["workload.type StatefulSet"], id="ordered removal"),
        pytest.param({"drain": {"onTimeout": "Kill"}}, {}, ["drain.onTimeout Kill"], id="a drain that is cut short"),
        pytest.param({}, {"priorities": ["high", "low"]}, ["priorities of Queue jobs"], id="lanes of a queue"),
    ],
)
def test_what_a_run_leaves_out_is_said(more: dict[str, Any], queue: dict[str, Any], want: list[str]) -> None:
    assert pools.unplayed(spec() | more, {"jobs": queue}) == want
