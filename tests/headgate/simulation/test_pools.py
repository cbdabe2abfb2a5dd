from __future__ import annotations

from typing import Any

import pytest

from headgate.simulation import pools
from headgate.simulation.pools import VariantError
from headgate.simulation.settings import Settings
from reconciler.plans.behavior import DOWN, UP, Behavior, Rules, Select
from reconciler.plans.facts import Rate


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
    )
    assert pools.settings(said, {"rateLimit": {"jobs": 5, "per": "1s"}}) == Settings(
        max_replicas=9,
        min_replicas=2,
        concurrency=4,
        jobs_per_replica=8,
        target=20.0,
        percentile=90,
        catch_up=60.0,
        startup=45.0,
        known_startup=45.0,
        behavior=Behavior(up=UP, down=Rules(DOWN.window, DOWN.policies, Select.DISABLED)),
        rate=Rate(5, 1.0, "1s"),
    )


def test_the_strictest_queue_gives_the_target() -> None:
    said = {
        **spec(wait={"target": "1m"}),
        "queues": [{"name": "a", "waitTarget": "10s"}, {"name": "b", "waitTarget": "5m"}],
    }
    assert pools.settings(said).target == 10.0


def test_pods_may_really_take_longer_than_the_pool_is_told() -> None:
    found = pools.settings(spec(startupTime="10s"), startup=90.0)
    assert (found.startup, found.known_startup) == (90.0, 10.0)


@pytest.mark.parametrize(
    ("change", "want"),
    [
        ("scaling.maxReplicas=20", {"maxReplicas": 20}),
        ("spec.scaling.wait.target=1m", {"maxReplicas": 9, "wait": {"target": "1m"}}),
        ("scaling.maxReplicas=20, scaling.minReplicas=0", {"maxReplicas": 20, "minReplicas": 0}),
    ],
)
def test_a_change(change: str, want: dict[str, Any]) -> None:
    original = spec()
    assert pools.changed(original, change)["scaling"] == want
    assert original == spec()


@pytest.mark.parametrize("change", ["scaling.maxReplicas", "=3", "concurrency.x=1", "a..b=1"])
def test_what_is_no_change(change: str) -> None:
    with pytest.raises(VariantError):
        pools.changed(spec(), change)
