"""`python -m bench.scaling`: every trace under every law; exit code 1 when ours breaks its budget."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Final

from bench.scaling.scenarios import SCENARIOS, Scenario
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
COLUMN: Final = 27


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each trace; the mean is told")
    parser.add_argument("--only", default="", help="only traces whose name contains this")
    parser.add_argument("--plot", type=Path, help="also draw each trace into this folder, as SVG")
    options = parser.parse_args()
    chosen = [one for one in SCENARIOS if options.only in one.name]
    print("p95 wait in s / cost over the oracle's / changes of direction per hour / pods removed while busy")
    print(f"{'trace (target, start-up in s)':32}" + "".join(f"{name:{COLUMN}}" for name in LAWS))
    broken = [complaint for one in chosen for complaint in measure(one, range(1, options.seeds + 1), options.plot)]
    print("\n".join(broken) if broken else "Headgate keeps its budget on every trace.")
    sys.exit(1 if broken else 0)


def measure(scenario: Scenario, seeds: Sequence[int], folder: Path | None) -> list[str]:
    """Prints the row of a scenario and returns what breaks the budget in it."""
    own = scenario.settings
    cells, found = [], Figures(0, 0, 0, 0)
    outcomes: dict[str, Outcome] = {}
    for name, law in LAWS.items():
        runs = [_run(scenario, seed, law) for seed in seeds]
        found = Figures(*(mean(values) for values in zip(*(figures for figures, _ in runs), strict=True)))
        outcomes[name] = runs[0][1]
        cells.append(f"{found!s:{COLUMN}}")
    print(f"{f'{scenario.name} ({own.target:g}, {own.startup:g})':32}{''.join(cells).rstrip()}", flush=True)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{scenario.name.replace(' ', '-')}.svg"
        path.write_text(plot.svg(outcomes, own, f"{scenario.name}: p95 within {own.target:g} s"), encoding="utf-8")
    return [f"{scenario.name}: {complaint}" for complaint in found.complaints(scenario)]


class Figures(tuple[float, float, float, float]):
    """p95 wait in seconds, cost over the oracle's, flips an hour, busy victims."""

    def __new__(cls, wait: float, cost: float, flips: float, victims: float) -> Figures:
        return super().__new__(cls, (wait, cost, flips, victims))

    def __str__(self) -> str:
        wait, cost, flips, victims = self
        return f"{wait:.1f} / {cost:.2f} / {flips:.1f} / {victims:.0f}"

    def complaints(self, scenario: Scenario) -> list[str]:
        wait, cost, flips, victims = self
        target = scenario.settings.target or 0.0
        said = {
            f"p95 wait {wait:.1f} s, target {target:g} s": wait > target,
            f"cost {cost:.2f}, budget {scenario.cost}": cost > scenario.cost,
            f"{flips:.1f} changes of direction an hour": scenario.flips is not None and flips > scenario.flips,
            f"{victims:.0f} busy pods removed": victims > 0,
        }
        return [text for text, broken in said.items() if broken]


def _run(scenario: Scenario, seed: int, law: Callable[[Settings], Law]) -> tuple[Figures, Outcome]:
    trace = scenario.trace(seed)
    outcome = run(trace, scenario.settings, law, scenario.trouble, seed=seed, warm=scenario.warm)
    cost = outcome.pod_seconds / oracle.pod_seconds(trace, scenario.settings)
    return Figures(outcome.wait(95), cost, outcome.flips, outcome.busy_victims), outcome


if __name__ == "__main__":
    main()
