"""From the lives of pods and the ledger of their jobs to latencies, and to who was busy when it was deleted."""

from __future__ import annotations

import pytest

from bench.drain.figures import Life, Removal, removals, runs
from examples.load.ledger import Event, Kind

NEVER = float("inf")


def run(job: str, begin: float, end: float | None, pod: str = "p") -> list[Event]:
    instance = f"{pod}.00000001"
    started = Event(begin, Kind.STARTED, job, instance, 1, f"{job}-run")
    return [started] if end is None else [started, Event(end, Kind.DONE, job, instance, 1, f"{job}-run")]


def test_runs_are_told_by_pod_and_one_that_was_cut_off_never_ends() -> None:
    events = [*run("a", 1.0, 2.0), *run("b", 1.5, None), *run("c", 3.0, 4.0, pod="q")]
    assert runs(events) == {"p": [(1.0, 2.0), (1.5, NEVER)], "q": [(3.0, 4.0)]}


CASES = [
    pytest.param(Life("p", 5.0, 9.0, 10.0), [(1.0, 8.0)], Removal("p", 2.0, busy=False), id="from the last job's end"),
    pytest.param(Life("p", 5.0, 9.0, 10.0), [(1.0, 2.0)], Removal("p", 5.0, busy=False), id="or from the request"),
    pytest.param(Life("p", None, 9.0, 10.0), [], Removal("p", 1.0, busy=False), id="or from the delete without one"),
    pytest.param(Life("p", None, 5.0, 10.0), [(1.0, 8.0)], Removal("p", 2.0, busy=True), id="a job under way is hit"),
    pytest.param(
        Life("p", None, 5.0, 10.0), [(1.0, NEVER)], Removal("p", 5.0, busy=True), id="also one that never ended"
    ),
    pytest.param(Life("p", 4.0, 5.0, 6.0), [(1.0, 5.01)], Removal("p", 0.99, busy=False), id="a delete is seen late"),
]


@pytest.mark.parametrize(("life", "jobs", "want"), CASES)
def test_removals(life: Life, jobs: list[tuple[float, float]], want: Removal) -> None:
    (found,) = removals([life], {"p": jobs})
    assert (found.pod, round(found.latency, 6), found.busy) == (want.pod, want.latency, want.busy)


def test_who_is_still_there_was_not_removed() -> None:
    assert removals([Life("p"), Life("q", 1.0), Life("r", 1.0, 2.0)], {}) == []
