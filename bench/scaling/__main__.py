"""`python -m bench.scaling`: every trace under every law; exit code 1 when ours breaks its budget.

The constants of the law were chosen on seeds 1 to 10, so what is reported is played with others.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Final

from bench.scaling import together
from bench.scaling.scenarios import SCENARIOS, Scenario
from bench.scaling.scenes import SCENES
from headgate.simulation import oracle, plot
from headgate.simulation.laws import Headgate, Law
from headgate.simulation.peers import HorizontalPodAutoscaler, Keda
from headgate.simulation.run import Outcome, run
from headgate.simulation.settings import Settings

LAWS: Final[Mapping[str, Callable[[Settings], Law]]] = {
    "KEDA, list length 5": Keda,
    "HPA, waiting + running": HorizontalPodAutoscaler,
    "Headgate": Headgate,
}
OURS: Final = "Headgate"
COLUMN: Final = 27
WIDE: Final = 39
NAMES: Final = {one.name: one for one in SCENARIOS}


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run: p95 wait in seconds, cost over the oracle's and over the bound, flips an hour, busy victims."""

    wait: float
    cost: float
    bound: float
    flips: float
    victims: float


def main() -> None:
    options = _options()
    first, _, last = options.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    chosen = [one for one in SCENARIOS if options.only in one.name]
    laws = [OURS] if options.ours else list(LAWS)
    print("p95 wait in s / cost over the oracle's / changes of direction per hour / pods removed while busy")
    if chosen:
        last_column = f"{'Headgate, worst p95':{COLUMN - 5}}cost over the bound"
        print(f"{'trace (target, start-up in s)':32}{''.join(f'{name:{COLUMN}}' for name in laws)}{last_column}")
    broken = []
    with ProcessPoolExecutor(options.processes) as workers:
        for scenario in chosen:
            runs = list(workers.map(measure, [(scenario.name, laws, seed) for seed in seeds]))
            broken += tell(scenario, {law: [one[law] for one in runs] for law in laws})
            if options.plot is not None:
                draw(scenario, seeds[0], options.plot)
        broken += play_together(options.only, laws, seeds, workers)
    print("\n".join(broken) if broken else "Headgate keeps its budget on every trace.")
    sys.exit(1 if broken else 0)


def play_together(only: str, laws: Sequence[str], seeds: Iterable[int], workers: Executor) -> list[str]:
    """The second table, and what breaks a promise in it."""
    chosen = [one for one in SCENES if only in one.name]
    if chosen:
        print()
        print(f"{'several at once (targets in s)':41}{''.join(f'{name:{WIDE}}' for name in laws)}Headgate, worst p95")
    broken: list[str] = []
    for scene in chosen:
        makers = {law: LAWS[law] for law in laws}
        runs = list(workers.map(together.measure, [(scene.name, makers, seed) for seed in seeds]))
        broken += together.tell(scene, {law: [one[law] for one in runs] for law in laws}, OURS, WIDE)
    return broken


def measure(task: tuple[str, Sequence[str], int]) -> Mapping[str, Figures]:
    """One seed of a scenario under several laws."""
    name, laws, seed = task
    trace, own = NAMES[name].trace(seed), NAMES[name].settings
    best, least = oracle.pod_seconds(trace, own), oracle.bound(trace, own)
    played = {law: play(NAMES[name], law, seed) for law in laws}
    return {law: _figures(outcome, best, least) for law, outcome in played.items()}


def _figures(outcome: Outcome, best: float, least: float) -> Figures:
    paid = outcome.pod_seconds
    return Figures(outcome.wait(95), paid / best, paid / least, outcome.flips, outcome.busy_victims)


def play(scenario: Scenario, law: str, seed: int) -> Outcome:
    trace = scenario.trace(seed)
    return run(trace, scenario.settings, LAWS[law], scenario.trouble, seed=seed, warm=scenario.warm)


def tell(scenario: Scenario, runs: Mapping[str, Sequence[Figures]]) -> list[str]:
    """Prints the row of a scenario, means of all seeds, and returns what breaks the budget in it."""
    ours = runs[OURS]
    cells = "".join(f"{_cell(found):{COLUMN}}" for found in runs.values())
    worst, bound = max(one.wait for one in ours), mean(one.bound for one in ours)
    name = f"{scenario.name} ({scenario.target:g}, {scenario.settings.startup:g})"
    print(f"{name:32}{cells}{worst:<{COLUMN - 5}.1f}{bound:.2f}", flush=True)
    return [f"{scenario.name}: {complaint}" for complaint in complaints(scenario, ours)]


def complaints(scenario: Scenario, ours: Sequence[Figures]) -> list[str]:
    """The target has to be kept with every seed, costs and turns on average."""
    target = scenario.target
    worst, victims = max(one.wait for one in ours), sum(one.victims for one in ours)
    cost, flips = mean(one.cost for one in ours), mean(one.flips for one in ours)
    said = {
        f"p95 wait {worst:.1f} s, target {target:g} s": worst > target,
        f"cost {cost:.2f}, budget {scenario.cost}": cost > scenario.cost,
        f"{flips:.1f} changes of direction an hour": scenario.flips is not None and flips > scenario.flips,
        f"{victims:.0f} busy pods removed": victims > 0,
    }
    return [text for text, broken in said.items() if broken]


def draw(scenario: Scenario, seed: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    runs = {law: plot.Played(play(scenario, law, seed), scenario.settings) for law in LAWS}
    title = f"{scenario.name}: p95 within {scenario.target:g} s"
    path = folder / f"{scenario.name.replace(' ', '-')}.svg"
    path.write_text(plot.svg(runs, title), encoding="utf-8")


def _cell(found: Sequence[Figures]) -> str:
    wait, cost = mean(one.wait for one in found), mean(one.cost for one in found)
    flips, victims = mean(one.flips for one in found), mean(one.victims for one in found)
    return f"{wait:.1f} / {cost:.2f} / {flips:.1f} / {victims:.0f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("--seeds", default="101-110", help="the seeds that each trace is played with")
    parser.add_argument("--only", default="", help="only traces whose name contains this")
    parser.add_argument("--ours", action="store_true", help="leave out HPA and KEDA")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="runs at the same time")
    parser.add_argument("--plot", type=Path, help="also draw each trace into this folder, as SVG")
    return parser.parse_args()


if __name__ == "__main__":
    main()
