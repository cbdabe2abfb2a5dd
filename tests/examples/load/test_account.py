"""The account of a run: every enqueued job is in exactly one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.load import ledger as ledgers
from examples.load import report
from examples.load.account import Run, account, percentile
from examples.load.ledger import Event, Kind, Ledger, Place


def events(*texts: str) -> tuple[Event, ...]:
    """`"done a 1"`: job a's run 1 on instance i1, one second after the event before."""
    found = []
    for time, text in enumerate(texts):
        kind, job, *run = text.split()
        instance = f"i{run[0]}" if run else ""
        found.append(Event(float(time), Kind(kind), job, instance, 1 if run else 0, run[0] if run else ""))
    return tuple(found)


@dataclass(frozen=True)
class Case:
    events: tuple[Event, ...]
    places: dict[Place, Sequence[str]] = field(default_factory=dict)
    want: dict[str, object] = field(default_factory=dict)


CASES = {
    "nothing happened": Case((), want={"enqueued": set(), "lost": set()}),
    "a job that was done": Case(
        events("enqueued a", "started a 1", "done a 1"), want={"done": {"a"}, "lost": set(), "unended": ()}
    ),
    "a job nobody knows of any more": Case(events("enqueued a"), want={"lost": {"a"}}),
    "a started job nobody knows of any more": Case(
        events("enqueued a", "started a 1"), want={"lost": {"a"}, "unended": (Run("a", "i1", 1.0),)}
    ),
    "a job that waits": Case(events("enqueued a"), {Place.WAITING: ["a"]}, want={"queued": {"a"}, "lost": set()}),
    "a job to be retried": Case(
        events("enqueued a", "started a 1", "failed a 1"),
        {Place.SCHEDULED: ["a"]},
        want={"queued": {"a"}, "failed_runs": 1, "unended": ()},
    ),
    "a dead job": Case(
        events("enqueued a", "started a 1", "failed a 1"), {Place.DEAD: ["a"]}, want={"dead": {"a"}, "queued": set()}
    ),
    "a job done that its worker could not settle": Case(
        events("enqueued a", "started a 1", "done a 1"), {Place.IN_FLIGHT: ["a"]}, want={"done": {"a"}, "queued": set()}
    ),
    "a job cut off and run again": Case(
        events("enqueued a", "started a 1", "started a 2", "done a 2"),
        want={"done": {"a"}, "unended": (Run("a", "i1", 1.0),), "done_twice": set()},
    ),
    "a job done twice": Case(
        events("enqueued a", "started a 1", "done a 1", "started a 2", "done a 2"),
        want={"done": {"a"}, "done_twice": {"a"}},
    ),
    "an event written twice": Case(
        events(
            "enqueued a",
            "started a 1",
            "started a 1",
            "failed a 1",
            "failed a 1",
            "started a 2",
            "done a 2",
            "done a 2",
        ),
        want={"done": {"a"}, "done_twice": set(), "failed_runs": 1, "unended": ()},
    ),
    "a job of another run in the queue": Case(
        events("enqueued a"), {Place.WAITING: ["a", "x"], Place.DEAD: ["y"]}, want={"queued": {"a"}, "dead": set()}
    ),
    "a job that was never enqueued": Case(events("started s 1", "done s 1"), want={"strangers": {"s"}, "done": set()}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_became_of_a_job(case: Case) -> None:
    found = account(Ledger(case.events, {place: tuple(jobs) for place, jobs in case.places.items()}))
    assert {name: getattr(found, name) for name in case.want} == case.want


KINDS = st.lists(st.tuples(st.sampled_from(Kind), st.sampled_from("abc"), st.sampled_from("123")), max_size=30)
PLACES = st.dictionaries(st.sampled_from(Place), st.lists(st.sampled_from("abcx"), max_size=3))


@given(steps=KINDS, places=PLACES)
def test_every_enqueued_job_is_in_exactly_one_place(
    steps: list[tuple[Kind, str, str]], places: dict[Place, list[str]]
) -> None:
    happened = tuple(
        Event(float(time), kind, job, run=run if kind is not Kind.ENQUEUED else "")
        for time, (kind, job, run) in enumerate(steps)
    )
    found = account(Ledger(happened, {place: tuple(jobs) for place, jobs in places.items()}))
    parts = [found.done, found.dead, found.queued, found.lost]
    assert frozenset().union(*parts) == found.enqueued
    assert sum(map(len, parts)) == len(found.enqueued)
    assert report.lines(found)


def test_waits_are_from_enqueueing_to_the_first_start() -> None:
    happened = events("enqueued a", "enqueued b", "started b 1", "started a 2", "failed a 2", "started a 3")
    found = account(Ledger(happened))
    assert found.waits == (1.0, 3.0)
    assert (found.wait(50), found.wait(95), found.seconds) == (1.0, 3.0, 5.0)


RANKS = {
    "of none there is none": ((), 95, None),
    "of one it is that": ((7.0,), 1, 7.0),
    "the median of an even number is the lower": ((1.0, 2.0, 3.0, 4.0), 50, 2.0),
    "95 of 20 leaves one above": (tuple(map(float, range(20))), 95, 18.0),
    "100 is the largest": ((1.0, 9.0), 100, 9.0),
}


@pytest.mark.parametrize(("values", "percent", "want"), RANKS.values(), ids=RANKS)
def test_percentiles_are_values_that_occurred(values: tuple[float, ...], percent: float, want: float | None) -> None:
    assert percentile(values, percent) == want


def test_a_ledger_file_is_read_back_as_it_was() -> None:
    kept = Ledger(
        events("enqueued a", "started a 1"), {place: ("a", "b") if place is Place.WAITING else () for place in Place}
    )
    assert ledgers.load(ledgers.dump(kept)) == kept


def test_the_report_names_what_should_not_be() -> None:
    happened = events(*(f"enqueued j{i}" for i in range(7)), "started j0 1", "done j0 1")
    text = "\n".join(report.lines(account(Ledger(happened))))
    assert "lost                 6  (j1, j2, j3, j4, j5, ...)" in text
    assert "done                 1" in text
    assert "done twice           0" in text
