from __future__ import annotations

from xml.etree import ElementTree

from headgate.simulation import plot
from headgate.simulation.run import Outcome, Sample
from headgate.simulation.settings import Settings

TEXT = "{http://www.w3.org/2000/svg}text"


def outcome(*samples: Sample) -> Outcome:
    return Outcome((0.0, 2.0), 7200.0, 1.5, 3, 0, samples)


def parsed(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)  # noqa: S314 - what we have just written ourselves


def test_each_law_has_a_panel_that_says_how_it_went() -> None:
    samples = [Sample(float(second), second, second % 5, 3, 2, 3) for second in range(2000)]
    drawn = plot.svg({"ours": outcome(*samples), "<other>": outcome(*samples)}, Settings(9), "a & b")
    texts = [one.text for one in parsed(drawn).iter(TEXT)]
    assert texts[0] == "a & b"
    assert {"ours", "<other>"} <= set(texts)
    assert texts.count("p95 wait 2.0 s, 2.0 pod-hours, 1.5 turns/h, 3 busy pods killed") == 2
    assert len(drawn) < 200_000


def test_a_run_of_nothing_can_be_drawn() -> None:
    drawn = plot.svg({"idle": outcome(Sample(0.0, 0, 0, 0, 0, 0), Sample(1.0, 0, 0, 0, 0, 0))}, Settings(1), "idle")
    assert parsed(drawn).tag.endswith("svg")
