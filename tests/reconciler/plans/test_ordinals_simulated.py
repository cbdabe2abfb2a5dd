"""A StatefulSet in a simulated cluster: random load and rollouts, crashes after any request, two reconcilers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import pytest

from reconciler.plans.child import Child
from reconciler.plans.ordinals import plan
from reconciler.plans.removal import Plan
from tests.reconciler.plans.ordinal_world import OrdinalOperator, OrdinalWorld
from tests.reconciler.plans.removal_operator import believing

LIVES = 150
STEPS = 600
MOST = 7


@dataclass(frozen=True)
class Fate:
    operators: int
    guarded: bool = False
    plan: Callable[[Child], Plan] = plan


def live(seed: int, fate: Fate) -> tuple[OrdinalWorld, list[OrdinalOperator]]:
    rng = Random(seed)
    world = OrdinalWorld(rng, guarded=fate.guarded, flips=True)
    crew = [
        OrdinalOperator(world, rng.randint(0, MOST), fate.plan, out=rng.randint(1, 3)) for _ in range(fate.operators)
    ]
    for _ in range(STEPS):
        draw = rng.random()
        if draw < 0.45:
            world.tick()
        elif draw < 0.97:
            rng.choice(crew).step()
        elif draw < 0.975:
            rng.choice(crew).crash()
        elif draw < 0.98:
            world.call()
        elif draw < 0.985:
            world.revise()
        else:
            rng.choice(crew).keep = rng.randint(0, MOST)
    return world, crew


FATES = {
    "one reconciler that crashes": Fate(operators=1),
    "two reconcilers, one of them with a stale target": Fate(operators=2),
    "a guard in the API server": Fate(operators=2, guarded=True),
}


@pytest.mark.parametrize("fate", FATES.values(), ids=FATES)
def test_no_busy_worker_is_killed(fate: Fate) -> None:
    removed = 0
    for seed in range(LIVES):
        world, _ = live(seed, fate)
        assert not world.kills, f"seed {seed}: {world.kills}"
        removed += world.removed
    assert removed > LIVES


@pytest.mark.parametrize("fate", FATES.values(), ids=FATES)
def test_what_is_left_over_settles_at_the_target_and_the_newest_revision(fate: Fate) -> None:
    for seed in range(LIVES // 3):
        world, (operator, *_) = live(seed, fate)
        calm(world)
        operator.keep = 3
        settle(world, operator, f"seed {seed}")


def test_a_rollout_takes_no_more_workers_at_a_time_than_it_may() -> None:
    for out in (1, 2):
        world = OrdinalWorld(Random(out))
        calm(world)
        operator = OrdinalOperator(world, keep=5, out=out)
        settle(world, operator, "the first revision")
        world.revise()
        fewest = 5
        for _ in range(6000):
            world.tick()
            operator.step()
            fewest = min(fewest, sum(pod.ready and pod.request is None for pod in world.active))
        assert settled(world, 5)
        assert fewest == 5 - out
        assert not world.kills


def calm(world: OrdinalWorld) -> None:
    """Nothing happens by itself any more."""
    world.flips, world.steady, world.restarts = False, True, 0.0


def settle(world: OrdinalWorld, operator: OrdinalOperator, what: str) -> None:
    for _ in range(6000):
        world.tick()
        operator.step()
        if settled(world, operator.keep):
            return
    raise AssertionError(f"{what}: {world.replicas} replicas of revision {world.revision}, {world.active}")


def settled(world: OrdinalWorld, keep: int) -> bool:
    clean = not any(pod.request or pod.bound is not None for pod in world.active)
    new = all(pod.revision == world.revision for pod in world.active)
    return clean and new and world.replicas == len(world.active) == keep and all(pod.ready for pod in world.active)


def trusting(child: Child) -> Plan:
    """What a plan would do that takes the word of a worker that is merely idle."""
    return plan(believing(child))


def hasty(child: Child) -> Plan:
    """What a plan would do that shrinks by a pod that is only about to be started."""
    return plan(replace(child, failing=True))


@pytest.mark.parametrize("wrong", [trusting, hasty])
def test_the_simulation_notices_a_wrong_plan(wrong: Callable[[Child], Plan]) -> None:
    assert any(live(seed, Fate(1, plan=wrong))[0].kills for seed in range(LIVES))
