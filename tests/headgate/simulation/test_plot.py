from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from headgate.simulation import plot
from headgate.simulation.plot import Played
from headgate.simulation.run import Outcome, Sample
from headgate.simulation.settings import Settings

TEXT = "{http://www.w3.org/2000/svg}text"
PATH = "{http://www.w3.org/2000/svg}path"


def run(*samples: Sample, concurrency: int = 1) -> Played:
    return Played(Outcome((0.0, 2.0), 7200.0, 1.5, 3, 0, samples), Settings(9, concurrency=concurrency))


def texts(drawn: str) -> list[str | None]:
    return [one.text for one in parsed(drawn).iter(TEXT)]


def parsed(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)  # noqa: S314 - what we have just written ourselves


def test_each_law_has_a_panel_that_says_how_it_went() -> None:
    samples = [Sample(float(second), second, second % 5, 3, 2, 3) for second in range(2000)]
    drawn = plot.svg({"ours": run(*samples), "<other>": run(*samples)}, "a & b")
    told = texts(drawn)
    assert told[0] == "a & b"
    assert {"ours", "<other>"} <= set(told)
    assert told.count("p95 wait 2.0 s, 2.0 pod-hours, 1.5 turns/h, 3 busy pods killed") == 2
    assert len(drawn) < 200_000


def test_every_panel_says_what_its_scale_counts() -> None:
    told = texts(plot.svg({name: run(*still(7200)) for name in ("a", "b", "c")}, "three"))
    assert told.count("pods") == 3
    assert {"running jobs", "waiting jobs", "ready pods", "wanted pods", "time in minutes"} <= set(told)


@pytest.mark.parametrize(
    ("seconds", "want"),
    [(600, "time in minutes"), (12 * 3600, "time in hours"), (7 * 86_400, "time in days")],
)
def test_the_time_is_told_in_a_unit_that_fits(seconds: int, want: str) -> None:
    assert want in texts(plot.svg({"a": run(*still(seconds))}, "a"))


def test_jobs_fill_pods_of_their_own_pool() -> None:
    """Eight jobs fill two pods of four slots, and eight of one: the scale of both panels is in pods."""
    busy = [Sample(float(second), 0, 8, 8, 8, 8) for second in range(60)]
    drawn = plot.svg({"four": run(*busy, concurrency=4), "one": run(*busy)}, "both")
    areas = [one.get("d", "") for one in parsed(drawn).iter(PATH) if one.get("fill") == plot.BLUE]
    heights = [_top(area) for area in areas]
    assert heights[1] == pytest.approx(4 * heights[0], rel=0.01)


def test_a_run_of_nothing_can_be_drawn() -> None:
    drawn = plot.svg({"idle": run(Sample(0.0, 0, 0, 0, 0, 0), Sample(1.0, 0, 0, 0, 0, 0))}, "idle")
    assert parsed(drawn).tag.endswith("svg")


def still(seconds: int) -> list[Sample]:
    return [Sample(float(second), 0, 1, 1, 1, 1) for second in range(0, seconds, 60)]


def _top(area: str) -> float:
    """How far the area reaches above the line that it stands on."""
    heights = [float(point.split()[1].rstrip("Z")) for point in re.split("[ML]", area)[1:]]
    return max(heights) - min(heights)
