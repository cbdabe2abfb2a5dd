"""Summary and plot of a run."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from demo import plot
from demo.summary import lines, summarize
from examples.load.account import account
from examples.load.ledger import Event, Kind, Ledger, Place
from tests.demo.building import a_sample


def run_of(job: str, instance: str, *kinds: Kind, at: float = 1.0) -> list[Event]:
    """One run on one instance."""
    return [Event(at + number, kind, job, instance, 1, f"{job}-{instance}") for number, kind in enumerate(kinds)]


def enqueued(*jobs: str) -> list[Event]:
    return [Event(0.0, Kind.ENQUEUED, job) for job in jobs]


def test_a_run_in_which_all_went_well() -> None:
    events = (
        enqueued("a", "b") + run_of("a", "p.1", Kind.STARTED, Kind.DONE) + run_of("b", "p.1", Kind.STARTED, Kind.DONE)
    )
    samples = [a_sample(0, ready=1, pods=1), a_sample(1, ready=7, pods=9)]
    found = summarize(account(Ledger(tuple(events))), samples, revisions=2)
    assert found.fine
    assert lines(found) == [
        "jobs accounted for       2 of 2",
        "done                     2",
        "dead letters             0",
        "still queued             0",
        "lost                     0",
        "done twice               0",
        "busy workers killed      0",
        "wait p50 / p95           1.0 s / 1.0 s",
        "workers at the most      7 ready, 9 pods while rolling out",
        "revisions                2, replaced under load",
    ]


def test_a_worker_that_went_away_in_a_job_was_killed_even_if_the_job_was_saved() -> None:
    events = (
        enqueued("a", "b")
        + run_of("a", "p.1", Kind.STARTED)
        + run_of("b", "p.1", Kind.STARTED)
        + run_of("a", "q.2", Kind.STARTED, Kind.DONE, at=40.0)
        + run_of("b", "q.2", Kind.STARTED, Kind.DONE, at=40.0)
    )
    found = summarize(account(Ledger(tuple(events))), [], revisions=1)
    assert found.busy_killed == ("p.1",)
    assert (found.done, found.lost, found.fine) == (2, 0, False)
    assert "busy workers killed      1  (p.1)" in lines(found)


BAD = {
    "a lost job": (enqueued("a"), {}),
    "a job still queued": (enqueued("a"), {Place.WAITING: ("a",)}),
    "a dead job": (enqueued("a"), {Place.DEAD: ("a",)}),
    "a job done twice": (
        enqueued("a") + run_of("a", "p.1", Kind.STARTED, Kind.DONE) + run_of("a", "q.2", Kind.STARTED, Kind.DONE),
        {},
    ),
}


@pytest.mark.parametrize(("events", "places"), BAD.values(), ids=BAD)
def test_what_is_not_fine(events: list[Event], places: dict[Place, tuple[str, ...]]) -> None:
    assert not summarize(account(Ledger(tuple(events), places)), [], revisions=1).fine


def test_a_lost_job_is_not_accounted_for() -> None:
    found = summarize(account(Ledger(tuple(enqueued("a", "b")), {Place.DEAD: ("a",)})), [], revisions=1)
    assert lines(found)[0] == "jobs accounted for       1 of 2"


def test_decisions_are_where_another_size_was_wanted() -> None:
    samples = [a_sample(time, wanted=wanted) for time, wanted in enumerate((1, 1, 8, 8, 7))]
    assert [(sample.time, sample.wanted) for sample in plot.decisions(samples)] == [(2, 8), (4, 7)]


@pytest.mark.parametrize("rollout_at", [0.0, 3.5])
def test_the_plot_is_written_as_picture_and_drawing(tmp_path: Path, rollout_at: float) -> None:
    samples = [a_sample(time, waiting=time * 10, wanted=time, busy=time, draining=1) for time in range(8)]
    svg, png = plot.plot(samples, rollout_at, tmp_path)
    assert png.read_bytes().startswith(b"\x89PNG\r\n")
    assert ElementTree.fromstring(svg.read_text()).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314  # our own
    first = svg.read_bytes()
    assert plot.plot(samples, rollout_at, tmp_path)[0].read_bytes() == first, "the same run, the same drawing"


def test_nothing_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least two samples"):
        plot.plot([a_sample()], 0.0, tmp_path)
