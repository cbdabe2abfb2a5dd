"""Runs as one picture in SVG: for each law its pods, wanted and ready, over the jobs that need them.

All panels have the same scales, in pods, whatever a pod of each runs at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, inf, log10
from typing import Final

from headgate.simulation.run import Outcome, Sample
from headgate.simulation.settings import Settings

INK: Final = "#2c3036"
BLUE: Final = "#9fbbd8"
ORANGE: Final = "#eab676"
GREEN: Final = "#2f8a4f"
GREY: Final = "#8a8f98"
WIDTH, LEFT, RIGHT = 900, 62, 24
TOP, PANEL, GAP, BOTTOM = 82, 130, 46, 58
MOST_POINTS: Final = 480
LONGEST_TITLE: Final = 90
LONGEST_NAME: Final = 56
CAPTION: Final = "Jobs are drawn as the pods that they fill; a backlog beyond the top is cut off."
UNITS: Final = ((4 * 3600.0, "minutes", 60.0), (4 * 86_400.0, "hours", 3600.0), (inf, "days", 86_400.0))
"""Up to how long a run is told in which unit of time."""
DASHES: Final = ' stroke-dasharray="4 2"'
STYLE: Final = (
    "text{font:11px 'DejaVu Sans',Verdana,sans-serif;fill:#2c3036}"
    ".t{font-size:14px;font-weight:bold}.n{font-weight:bold}.e{text-anchor:end}.m{text-anchor:middle}"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One law's place in the picture. `highest` is the top of the scale, in pods."""

    top: float
    seconds: float
    highest: float

    def x(self, time: float) -> float:
        return LEFT + time / self.seconds * (WIDTH - LEFT - RIGHT)

    def y(self, pods: float) -> float:
        return self.top + PANEL * (1 - min(pods / self.highest, 1.0))


@dataclass(frozen=True, slots=True)
class Played:
    """One run, and the settings of its pool."""

    outcome: Outcome
    settings: Settings


def svg(runs: Mapping[str, Played], title: str) -> str:
    """A panel a run, by what it is called."""
    seconds = max(run.outcome.samples[-1].time for run in runs.values()) + 1
    highest = max(_highest(run.outcome.samples) for run in runs.values())
    height = TOP + len(runs) * (PANEL + GAP) - GAP + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text class="t" x="{LEFT}" y="24">{escape(title[:LONGEST_TITLE])}</text>',
        *_legend(),
    ]
    panels = [Panel(TOP + number * (PANEL + GAP), seconds, highest) for number in range(len(runs))]
    for panel, (name, run) in zip(panels, runs.items(), strict=True):
        parts += _panel(panel, name, run)
    parts += _time_axis(panels[-1])
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, name: str, run: Played) -> Iterator[str]:
    outcome, percentile, per_pod = run.outcome, run.settings.percentile, run.settings.concurrency
    samples = _thinned(outcome.samples)
    told = f"p{percentile} wait {outcome.wait(percentile):.1f} s"
    told += f", {outcome.pod_seconds / 3600:.1f} pod-hours, {outcome.flips:.1f} turns/h"
    told += f", {outcome.busy_victims} busy pods killed"
    yield f'<text class="n" x="{LEFT}" y="{panel.top - 7:.0f}">{escape(_cut(name))}</text>'
    yield f'<text class="e" x="{WIDTH - RIGHT}" y="{panel.top - 7:.0f}">{told}</text>'
    yield _area(panel, samples, lambda one: (one.waiting + one.running) / per_pod, ORANGE)
    yield _area(panel, samples, lambda one: one.running / per_pod, BLUE)
    yield from _pod_axis(panel)
    yield _line(panel, samples, lambda one: one.ready, GREEN, "1.8")
    yield _line(panel, samples, lambda one: one.wanted, INK, "1", DASHES)


def _pod_axis(panel: Panel) -> Iterator[str]:
    for value in _ticks(panel.highest):
        y = panel.y(value)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}" stroke-opacity=".25"/>'
        yield f'<text class="e" x="{LEFT - 6}" y="{y + 4:.1f}">{value:g}</text>'
    x, y = 20, panel.top + PANEL / 2
    yield f'<text class="m" x="{x}" y="{y:.0f}" transform="rotate(-90 {x} {y:.0f})">pods</text>'


def _legend() -> Iterator[str]:
    """Areas as they are filled, lines as they are drawn."""
    x, y = LEFT, 46
    for text, colour in (("running jobs", BLUE), ("waiting jobs", ORANGE)):
        yield f'<rect x="{x}" y="{y - 9}" width="18" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 24}" y="{y}">{text}</text>'
        x += 130
    for text, colour, more in (("ready pods", GREEN, ""), ("wanted pods", INK, DASHES)):
        line = f'x1="{x}" x2="{x + 18}" y1="{y - 4}" y2="{y - 4}"'
        yield f'<line {line} stroke="{colour}" stroke-width="2"{more}/>'
        yield f'<text x="{x + 24}" y="{y}">{text}</text>'
        x += 130


def _time_axis(panel: Panel) -> Iterator[str]:
    base, middle = panel.top + PANEL, (LEFT + WIDTH - RIGHT) / 2
    unit, seconds = next((name, length) for most, name, length in UNITS if panel.seconds <= most)
    for value in _ticks(panel.seconds / seconds, 9):
        x = panel.x(value * seconds)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{base}" y2="{base + 4}" stroke="{GREY}"/>'
        yield f'<text class="m" x="{x:.1f}" y="{base + 17}">{value:g}</text>'
    yield f'<text class="m" x="{middle:.0f}" y="{base + 33}">time in {unit}</text>'
    yield f'<text class="m" x="{middle:.0f}" y="{base + 50}">{CAPTION}</text>'


def _area(panel: Panel, samples: Sequence[Sample], value: Callable[[Sample], float], colour: str) -> str:
    base, last = panel.top + PANEL, samples[-1]
    points = f"M{panel.x(samples[0].time):.1f} {base}" + _steps(panel, samples, value)
    return f'<path d="{points}L{panel.x(last.time):.1f} {base}Z" fill="{colour}"/>'


def _line(
    panel: Panel, samples: Sequence[Sample], value: Callable[[Sample], float], colour: str, width: str, more: str = ""
) -> str:
    path = "M" + _steps(panel, samples, value)[1:]
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{more}/>'


def _steps(panel: Panel, samples: Sequence[Sample], value: Callable[[Sample], float]) -> str:
    """A stair through the samples; equal neighbours are one stair."""
    parts, y = [], ""
    for sample in samples:
        now = f"{panel.y(value(sample)):.1f}"
        if now != y:
            x = f"{panel.x(sample.time):.1f}"
            parts.append(f"L{x} {y or now}L{x} {now}")
            y = now
    return "".join(parts) + f"L{panel.x(samples[-1].time):.1f} {y}"


def _thinned(samples: Sequence[Sample]) -> list[Sample]:
    step = max(1, len(samples) // MOST_POINTS)
    return [*samples[::step], samples[-1]]


def _highest(samples: Iterable[Sample]) -> float:
    """A backlog far above what pods could ever run is cut off, or nothing else could be seen."""
    return max(max(one.wanted, one.pods) for one in samples) * 1.15 or 1.0


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 2] + ".."


def _ticks(highest: float, about: int = 5) -> list[float]:
    """Round steps, `about` as many as that."""
    rough = highest / about
    power = 10 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    step = max(step, 1.0) if highest >= 2 else step
    return [number * step for number in range(int(highest / step) + 1)]
