"""Removals in a simulated cluster: random load, crashes after any request, restarts, two reconcilers at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from reconciler.plans.child import Child
from reconciler.plans.removal import Plan, plan
from tests.reconciler.plans.removal_operator import Operator, believing
from tests.reconciler.plans.removal_world import World

LIVES = 150
STEPS = 600
MOST = 7


@dataclass(frozen=True)
class Fate:
    operators: int
    guarded: bool = False
    flips: bool = False
    plan: Callable[[Child], Plan] = plan


def live(seed: int, fate: Fate) -> tuple[World, list[Operator]]:
    rng = Random(seed)
    world = World(rng, guarded=fate.guarded, flips=fate.flips)
    crew = [Operator(world, rng.randint(0, MOST), fate.plan) for _ in range(fate.operators)]
    for _ in range(STEPS):
        draw = rng.random()
        if draw < 0.45:
            world.tick()
        elif draw < 0.975:
            rng.choice(crew).step()
        elif draw < 0.98:
            rng.choice(crew).crash()
        elif draw < 0.985:
            world.call()
        else:
            rng.choice(crew).keep = rng.randint(0, MOST)
    return world, crew


FATES = {
    "one reconciler that crashes": Fate(operators=1),
    "two reconcilers, one of them with a stale target": Fate(operators=2),
    "a guard in the API server, while pods turn unready at any moment": Fate(operators=2, guarded=True, flips=True),
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
def test_what_is_left_over_settles_at_the_target(fate: Fate) -> None:
    for seed in range(LIVES // 3):
        world, (operator, *_) = live(seed, fate)
        world.flips, world.restarts, operator.keep = False, 0.0, 3
        for _ in range(6000):
            world.tick()
            operator.step()
            if settled(world, 3):
                break
        assert settled(world, 3), f"seed {seed}: {world.replicas} replicas, {world.active}"


def settled(world: World, keep: int) -> bool:
    clean = not any(pod.request or pod.bound is not None for pod in world.active)
    return clean and world.replicas == len(world.active) == keep


def trusting(child: Child) -> Plan:
    """What a plan would do that takes the word of a worker that is merely idle."""
    return plan(believing(child))


def test_only_the_guard_protects_what_turns_unready_between_the_decision_and_the_choice() -> None:
    kills = [kill for seed in range(LIVES) for kill in live(seed, Fate(2, flips=True))[0].kills]
    assert kills
    assert not any(kill.by_name or kill.ready for kill in kills)


def test_the_simulation_notices_a_plan_that_trusts_an_idle_worker() -> None:
    assert any(live(seed, Fate(1, plan=trusting))[0].kills for seed in range(LIVES))
