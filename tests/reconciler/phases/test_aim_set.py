"""When a StatefulSet's controller is taken to be stuck, and what a rollout may then pass over."""

from __future__ import annotations

from typing import Any

from crds import meta
from reconciler.phases.pool.aim_set import STUCK_SECONDS, see_whether_stuck, the_set
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import View
from tests.reconciler.builders import pod, pool
from tests.reconciler.phases.worlds import START, World


def stateful(*ordinals: int, replicas: int) -> PoolState:
    owner = pool("w")
    owner["spec"]["workload"] = {"type": "StatefulSet"}
    labels = {meta.LABEL_POOL_UID: "uid-w", meta.LABEL_REVISION: "new"}
    child: dict[str, Any] = {
        "metadata": {"name": "w", "uid": "uid-set", "resourceVersion": "1", "generation": 1, "labels": labels},
        "spec": {"replicas": replicas},
    }
    pods = [pod(f"w-{ordinal}", owner) for ordinal in ordinals]
    for one in pods:
        one["metadata"]["labels"][meta.LABEL_REVISION] = "old" if one["metadata"]["name"] == "w-0" else "new"
    state = PoolState(obj=owner, now=START)
    state.view, state.targets = View([child], pods), {"new": replicas}
    return state


def test_what_is_missing_for_long_will_not_come() -> None:
    world = World()
    state = stateful(0, 1, replicas=3)
    see_whether_stuck(state, world.ctx)
    assert not state.stuck, "it may be started just now"
    world.now += STUCK_SECONDS
    see_whether_stuck(state, world.ctx)
    assert state.stuck


def test_as_long_as_others_are_missing_than_before_it_works() -> None:
    world = World()
    see_whether_stuck(stateful(0, replicas=3), world.ctx)
    world.now += STUCK_SECONDS
    state = stateful(0, 1, replicas=3)
    see_whether_stuck(state, world.ctx)
    assert not state.stuck


def test_with_all_there_it_is_not_stuck() -> None:
    world = World()
    for _ in range(2):
        state = stateful(0, 1, replicas=2)
        see_whether_stuck(state, world.ctx)
        assert not state.stuck
        world.now += STUCK_SECONDS


def test_every_pod_has_its_place_and_is_judged_by_the_sets_own_revision() -> None:
    state = stateful(1, 0, replicas=2)
    made = the_set(state, state.view.children[0])
    assert [(one.ordinal, one.outdated) for one in made.pods] == [(1, False), (0, True)]
    assert (made.ordered, made.keep) == (True, 2)
