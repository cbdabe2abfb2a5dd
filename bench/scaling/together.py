"""Plays the scenes: pools that share a queue, a list of queues or a budget, all at the hands of one law."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import mean
from typing import Final

from bench.scaling.scenes import SCENES, Scene
from headgate.simulation.budget import Purse
from headgate.simulation.laws import Headgate, Law
from headgate.simulation.run import Member, Outcome, percentile_of, run_together
from headgate.simulation.settings import Settings

NAMES: Final = {one.name: one for one in SCENES}


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run: p95 waits in seconds by queue, cost over the oracle's, flips an hour of the most restless pool, busy
    victims, and the most pods that there were at a time.
    """

    waits: Mapping[str, float]
    cost: float
    flips: float
    victims: int
    pods: int


def measure(task: tuple[str, Mapping[str, Callable[[Settings], Law]], int]) -> Mapping[str, Figures]:
    """One seed of a scene under several laws."""
    name, laws, seed = task
    scene = NAMES[name]
    return {law: _figures(scene, play(scene, make, seed), seed) for law, make in laws.items()}


def play(scene: Scene, law: Callable[[Settings], Law], seed: int) -> Sequence[Outcome]:
    """Our law keeps the budget itself; the others get a quota."""
    quota = scene.budget.replicas if scene.budget is not None else None
    if law is Headgate and scene.budget is not None:
        law, quota = partial(Headgate, purse=Purse(scene.budget)), None
    members = [Member(pool, law) for pool in scene.pools]
    return run_together(scene.trace(seed), members, seed=seed, quota=quota)


def tell(scene: Scene, runs: Mapping[str, Sequence[Figures]], ours: str, column: int) -> list[str]:
    """Prints the row of a scene, means of all seeds, and returns what breaks its promises."""
    cells = "".join(f"{_cell(scene, found):{column}}" for found in runs.values())
    targets = ", ".join(f"{target:g}" for target in scene.targets.values())
    worst = ", ".join(f"{_worst(runs[ours], queue):.1f}" for queue in scene.targets)
    print(f"{f'{scene.name} ({targets})':41}{cells}{worst}", flush=True)
    return [f"{scene.name}: {complaint}" for complaint in complaints(scene, runs[ours])]


def complaints(scene: Scene, ours: Sequence[Figures]) -> list[str]:
    """Each queue's target has to be kept with every seed, and the budget at every moment; costs on average."""
    said = {
        f"p95 wait {_worst(ours, queue):.1f} s of {queue}, target {target:g} s": _worst(ours, queue) > target
        for queue, target in scene.targets.items()
    }
    cost, victims, pods = (
        mean(one.cost for one in ours),
        sum(one.victims for one in ours),
        max(one.pods for one in ours),
    )
    said[f"cost {cost:.2f}, at most {scene.cost}"] = cost > scene.cost
    said[f"{victims} busy pods removed"] = victims > 0
    said[f"{pods} pods in a budget"] = scene.budget is not None and pods > scene.budget.replicas
    return [text for text, broken in said.items() if broken]


def _figures(scene: Scene, outcomes: Sequence[Outcome], seed: int) -> Figures:
    waits = {
        queue.name: percentile_of(waited, 95)
        for pool, outcome in zip(scene.pools, outcomes, strict=True)
        for queue, waited in zip(pool.queues, outcome.queue_waits, strict=True)
    }
    moments = zip(*(outcome.samples for outcome in outcomes), strict=True)
    return Figures(
        waits=waits,
        cost=sum(outcome.pod_seconds for outcome in outcomes) / scene.best(scene.trace(seed)),
        flips=max(outcome.flips for outcome in outcomes),
        victims=sum(outcome.busy_victims for outcome in outcomes),
        pods=max(sum(sample.pods for sample in moment) for moment in moments),
    )


def _worst(found: Sequence[Figures], queue: str) -> float:
    return max(one.waits[queue] for one in found)


def _cell(scene: Scene, found: Sequence[Figures]) -> str:
    waits = ", ".join(f"{mean(one.waits[queue] for one in found):.1f}" for queue in scene.targets)
    cost, flips = mean(one.cost for one in found), mean(one.flips for one in found)
    return f"{waits} / {cost:.2f} / {flips:.1f} / {mean(one.victims for one in found):.0f}"
