"""Runs as one picture in SVG: for each law its pods, wanted and ready, over the jobs that need them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10
from typing import Final

from headgate.simulation.run import Outcome, Sample
from headgate.simulation.settings import Settings

INK: Final = "#2c3036"
BLUE: Final = "#9fbbd8"
ORANGE: Final = "#f0cfa6"
GREEN: Final = "#4f9d69"
GREY: Final = "#8a8f98"
WIDTH, LEFT, RIGHT = 900, 56, 20
TOP, PANEL, GAP, BOTTOM = 60, 130, 46, 40
MOST_POINTS: Final = 480
LONGEST_NAME: Final = 64
CAPTION: Final = "minutes; on the left pods, and jobs as the pods that they fill"
STYLE: Final = (
    "text{font:11px 'DejaVu Sans',Verdana,sans-serif;fill:#2c3036}"
    ".t{font-size:14px;font-weight:bold}.n{font-weight:bold}.e{text-anchor:end}.m{text-anchor:middle}"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One law's place in the picture. `highest` is the top of the scale, in slots."""

    top: float
    seconds: float
    highest: float

    def x(self, time: float) -> float:
        return LEFT + time / self.seconds * (WIDTH - LEFT - RIGHT)

    def y(self, slots: float) -> float:
        return self.top + PANEL * (1 - min(slots / self.highest, 1.0))


def svg(outcomes: Mapping[str, Outcome], settings: Settings, title: str) -> str:
    """A panel a law, all with the same scales."""
    seconds = max(len(outcome.samples) for outcome in outcomes.values())
    highest = max(_highest(outcome.samples, settings.concurrency) for outcome in outcomes.values()) * 1.05
    height = TOP + len(outcomes) * (PANEL + GAP) - GAP + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text class="t" x="{LEFT}" y="22">{escape(title)}</text>',
        *_legend(),
    ]
    for number, (name, outcome) in enumerate(outcomes.items()):
        panel = Panel(TOP + number * (PANEL + GAP), seconds, highest)
        parts += _panel(panel, name, outcome, settings)
    parts += _time_axis(Panel(TOP + (len(outcomes) - 1) * (PANEL + GAP), seconds, highest))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, name: str, outcome: Outcome, settings: Settings) -> Iterator[str]:
    samples, per_pod = _thinned(outcome.samples), settings.concurrency
    told = f"p{settings.percentile} wait {outcome.wait(settings.percentile):.1f} s"
    told += f", {outcome.pod_seconds / 3600:.1f} pod-hours, {outcome.flips:.1f} turns/h"
    told += f", {outcome.busy_victims} busy pods killed"
    yield f'<text class="n" x="{LEFT}" y="{panel.top - 7:.0f}">{escape(name[:LONGEST_NAME])}</text>'
    yield f'<text class="e" x="{WIDTH - RIGHT}" y="{panel.top - 7:.0f}">{told}</text>'
    yield _area(panel, samples, lambda one: one.waiting + one.running, ORANGE)
    yield _area(panel, samples, lambda one: one.running, BLUE)
    for value in _ticks(panel.highest / per_pod):
        y = panel.y(value * per_pod)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}" stroke-opacity=".25"/>'
        yield f'<text class="e" x="{LEFT - 6}" y="{y + 4:.1f}">{value:g}</text>'
    yield _line(panel, samples, lambda one: one.ready * per_pod, GREEN, "1.6")
    yield _line(panel, samples, lambda one: one.wanted * per_pod, INK, "1", ' stroke-dasharray="4 2"')


def _legend() -> Iterator[str]:
    entries = (("running jobs", BLUE), ("waiting jobs", ORANGE), ("ready pods", GREEN), ("wanted pods", INK))
    for number, (text, colour) in enumerate(entries):
        x = WIDTH - RIGHT - 440 + number * 112
        yield f'<rect x="{x}" y="13" width="12" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 17}" y="22">{text}</text>'


def _time_axis(panel: Panel) -> Iterator[str]:
    base = panel.top + PANEL
    for minutes in _ticks(panel.seconds / 60, 9):
        x = panel.x(minutes * 60)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{base}" y2="{base + 4}" stroke="{GREY}"/>'
        yield f'<text class="m" x="{x:.1f}" y="{base + 17}">{minutes:g}</text>'
    yield f'<text class="m" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{base + 33}">{CAPTION}</text>'


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


def _highest(samples: Iterable[Sample], per_pod: int) -> float:
    """In slots. A backlog far above what pods could ever run is cut off, or nothing else could be seen."""
    most = max(max(one.wanted, one.pods) * per_pod for one in samples)
    return max(most * 1.1, 1.0)


def _ticks(highest: float, about: int = 5) -> list[float]:
    """Round steps, `about` as many as that."""
    rough = highest / about
    power = 10 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    step = max(step, 1.0) if highest >= 2 else step
    return [number * step for number in range(int(highest / step) + 1)]
