from __future__ import annotations

import pytest

from headgate.simulation.loads import Draw, load
from headgate.simulation.work import LoadError, Trace

FILES = {"one.csv": "seconds,jobs\n0,3\n60,0\n", "two.csv": "seconds,jobs,queue\n0,3,a\n0,1,b\n60,0,a\n60,0,b\n"}


def loaded(*texts: str, length: float = 600.0) -> Trace:
    return load(texts, Draw(service=2.0, cv2=0.0, length=length, seed=1), FILES.get)


@pytest.mark.parametrize(
    ("texts", "want"),
    [
        pytest.param(("constant:1",), ("",), id="a pattern"),
        pytest.param(("one.csv",), ("",), id="a file"),
        pytest.param(("two.csv",), ("a", "b"), id="a file that says whose jobs they are"),
        pytest.param(("a=constant:1",), ("a",), id="a pattern for a queue"),
        pytest.param(("a=constant:1", "b=one.csv"), ("a", "b"), id="one load a queue"),
    ],
)
def test_whose_jobs_a_load_is(texts: tuple[str, ...], want: tuple[str, ...]) -> None:
    assert loaded(*texts).queues == want


def test_jobs_of_two_queues_do_not_come_at_the_same_moments() -> None:
    both = loaded("a=constant:1", "b=constant:1")
    times = [{job.at for job in both.jobs if job.queue == queue} for queue in (0, 1)]
    assert not times[0] & times[1]
    assert times[0] == {job.at for job in loaded("constant:1").jobs}, "the first is what it would be alone"


@pytest.mark.parametrize(
    ("texts", "want"),
    [
        (("constant:1", "constant:2"), "several loads: write each with a queue of its own, as urgent=constant:5"),
        (("a=constant:1", "a=constant:2"), "several loads: write each with a queue of its own, as urgent=constant:5"),
        (("a=two.csv",), "a file with the column queue is a load by itself, without a queue's name before it"),
        (("constant:9999",), "constant:9999 for 10m makes more than 2000000 jobs"),
        (("square:1",), "no pattern 'square'"),
    ],
)
def test_what_is_no_load(texts: tuple[str, ...], want: str) -> None:
    with pytest.raises(LoadError) as caught:
        loaded(*texts)
    assert want in str(caught.value)


def test_a_run_has_an_end() -> None:
    with pytest.raises(LoadError, match=r"^a run is at most 744h long$"):
        loaded("constant:0", length=1e9)
