"""The run as a picture: jobs above, workers below, on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from demo.sample import Sample

INK: Final = "#22313f"
BLUE: Final = "#2a6f97"
ORANGE: Final = "#e07a1f"
GREEN: Final = "#3a8f5c"
GREY: Final = "#9aa5ae"
STYLE: Final[Any] = {
    "svg.hashsalt": "headgate",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot(samples: Sequence[Sample], rollout_at: float, folder: Path) -> list[Path]:
    """Write demo.svg and demo.png; `rollout_at` is when the pool's spec was changed, in seconds."""
    with pyplot.rc_context(STYLE):
        figure, (jobs, workers) = pyplot.subplots(2, 1, sharex=True, figsize=(9, 5.4), layout="constrained")
        times = [sample.time for sample in samples]
        jobs.fill_between(times, [sample.waiting for sample in samples], color=BLUE, alpha=0.25, linewidth=0)
        jobs.plot(times, [sample.waiting for sample in samples], color=BLUE, label="waiting")
        jobs.plot(times, [sample.in_flight for sample in samples], color=ORANGE, label="in flight")
        jobs.set_ylabel("jobs")
        jobs.set_ylim(bottom=0)
        jobs.set_title("2,000 jobs in a burst and a wave, with a new revision rolled out on the way", loc="left")
        workers.step(times, [sample.wanted for sample in samples], color=INK, where="post", label="wanted")
        workers.step(times, [sample.ready for sample in samples], color=GREEN, where="post", label="ready")
        workers.step(times, [sample.busy for sample in samples], color=ORANGE, where="post", label="busy")
        workers.fill_between(
            times, [sample.draining for sample in samples], color=GREY, alpha=0.6, step="post", label="draining"
        )
        workers.set_ylabel("workers")
        workers.set_xlabel("seconds")
        workers.set_ylim(bottom=0)
        for axes in (jobs, workers):
            axes.axvline(rollout_at, color=GREY, linestyle=":", linewidth=1)
            axes.legend(frameon=False, loc="upper right", ncols=4)
            axes.margins(x=0)
        workers.annotate("new revision", (rollout_at, 0.2), xytext=(4, 0), textcoords="offset points", color=GREY)
        paths = [folder / "demo.svg", folder / "demo.png"]
        for path in paths:
            figure.savefig(path, dpi=130, metadata={"Date": None} if path.suffix == ".svg" else None)
        pyplot.close(figure)
    return paths
