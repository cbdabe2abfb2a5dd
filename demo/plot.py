"""The run as a picture: jobs above, workers below, on one time axis, with a dot wherever another size was decided."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from demo.sample import Sample
from demo.table import duration

INK: Final = "#2c3036"
BLUE: Final = "#3b6ea8"
ORANGE: Final = "#d9822b"
GREEN: Final = "#4f9d69"
GREY: Final = "#8a8f98"
PNG_DPI: Final = 150
TICKS: Final = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "headgate",
}


def plot(samples: Sequence[Sample], rollout_at: float, folder: Path) -> list[Path]:
    """Writes demo.svg and demo.png; `rollout_at` is when the pool's spec was changed, in seconds, 0 for never.

    Raises ValueError for fewer than two samples.
    """
    if len(samples) < 2:
        raise ValueError("a plot needs at least two samples")
    with mpl.rc_context(STYLE):
        figure = draw(samples, rollout_at)
        paths = [folder / "demo.svg", folder / "demo.png"]
        for path in paths:
            figure.savefig(path, dpi=PNG_DPI, metadata={"Date": None} if path.suffix == ".svg" else None)
    return paths


def draw(samples: Sequence[Sample], rollout_at: float) -> Figure:
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    jobs, workers = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    _draw_jobs(jobs, samples)
    _draw_workers(workers, samples)
    if rollout_at:
        for axes in (jobs, workers):
            axes.axvline(rollout_at, color=GREY, linestyle=":", linewidth=1.2)
        place = {"xycoords": jobs.get_xaxis_transform(), "textcoords": "offset points", "va": "top"}
        jobs.annotate("new revision", (rollout_at, 0.97), xytext=(5, 0), color=GREY, **place)
    workers.set_xlim(samples[0].time, samples[-1].time)
    workers.set_xlabel("time since the first job")
    workers.xaxis.set_major_locator(MultipleLocator(_tick(samples[-1].time - samples[0].time)))
    workers.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: duration(seconds)))
    return figure


def decisions(samples: Sequence[Sample]) -> list[Sample]:
    """The samples at which another number of workers was wanted than before."""
    return [after for before, after in itertools.pairwise(samples) if before.wanted != after.wanted]


def _draw_jobs(axes: Axes, samples: Sequence[Sample]) -> None:
    times = [sample.time for sample in samples]
    waiting = [sample.waiting for sample in samples]
    axes.fill_between(times, waiting, color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(times, waiting, color=BLUE, linewidth=1.6, label="waiting")
    axes.plot(times, [sample.in_flight for sample in samples], color=ORANGE, linewidth=1.6, label="in flight")
    axes.set_ylabel("jobs")
    _finish(axes, max(sample.waiting + sample.in_flight for sample in samples))


def _draw_workers(axes: Axes, samples: Sequence[Sample]) -> None:
    times = [sample.time for sample in samples]
    busy, draining = [sample.busy for sample in samples], [sample.draining for sample in samples]
    axes.fill_between(times, busy, step="post", color=GREEN, alpha=0.28, linewidth=0, label="busy")
    axes.fill_between(times, draining, step="post", color=GREY, alpha=0.5, linewidth=0, label="draining")
    ready, wanted = [sample.ready for sample in samples], [sample.wanted for sample in samples]
    axes.step(times, ready, where="post", color=GREEN, linewidth=1.6, label="ready")
    axes.step(times, wanted, where="post", color=INK, linewidth=1.2, linestyle=(0, (4, 2)), label="wanted")
    marks = decisions(samples)
    dots = ([sample.time for sample in marks], [sample.wanted for sample in marks])
    axes.plot(*dots, marker="o", markersize=3.5, color=INK, linestyle="none", label="decision")
    axes.set_ylabel("workers")
    _finish(axes, max((*ready, *wanted, *busy)))


def _finish(axes: Axes, highest: float) -> None:
    """Leaves room above the curves for the legend."""
    axes.set_ylim(0, max(1.0, highest) * 1.22)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=3)
    axes.legend(loc="upper right", frameon=False, ncols=5, handlelength=1.6, columnspacing=1.2)


def _tick(seconds: float) -> float:
    """A round step that gives about ten ticks."""
    return next((step for step in TICKS if seconds / step <= 10), TICKS[-1])
