from __future__ import annotations

import pytest

from headgate.simulation import recorded, work
from headgate.simulation.recorded import TraceError
from headgate.simulation.work import Trace


def read(text: str) -> Trace:
    return recorded.trace(text, work.fixed(2.0), 2.0, seed=1)


def test_counts_are_spread_over_their_rows() -> None:
    trace = read("seconds,jobs,service\n0,3,\n60,2,10\n120,0,\n")
    assert [job.at >= 60 for job in trace.jobs] == [False] * 3 + [True] * 2
    assert [job.seconds for job in trace.jobs] == [2.0, 2.0, 2.0, 10.0, 10.0]
    assert (trace.duration, trace.queues) == (120, ("",))


def test_each_queue_has_rows_of_its_own() -> None:
    trace = read("seconds,jobs,queue\n0,2,urgent\n0,1,bulk\n60,0,urgent\n90,0,bulk\n")
    assert (trace.duration, trace.queues) == (90, ("urgent", "bulk"))
    assert sorted(job.queue for job in trace.jobs) == [0, 0, 1]
    assert [job.at for job in trace.jobs] == sorted(job.at for job in trace.jobs)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", "nothing is in it; the first line names the columns, seconds and jobs at least"),
        ("0,5\n60,3\n", "the header lacks jobs, seconds"),
        ("seconds\n0\n", "the header lacks jobs"),
        ("seconds,jobs\n0,1\n", "a trace needs two rows at least: the last one ends it"),
        ("seconds,jobs\n0,1\n0,1\n", "line 3: seconds must ascend, from 0 to 2678400"),
        ("seconds,jobs\n0,one\n9,0\n", "line 2: seconds, jobs and service must be numbers"),
        ("seconds,jobs\n0,-1\n9,0\n", "line 2: jobs must not be below 0, service must be above"),
        ("seconds,jobs\nnan,1\n9,0\n", "line 2: seconds must ascend, from 0 to 2678400"),
        ("seconds,jobs\n0,3000000\n9,0\n", "more than 2000000 jobs"),
        (f"seconds,jobs\n0,{'9' * 4000}\n9,0\n", "more than 2000000 jobs"),
        ("seconds,jobs\n0,1,2\n9,0\n", "line 2: more values than the header has columns"),
        (
            "seconds,jobs,queue\n0,1,a\n0,1,b\n9,0,a\n",
            "a trace of queue b needs two rows at least: the last one ends it",
        ),
        (
            "seconds,jobs,queue\n" + "".join(f"0,1,q{number}\n" for number in range(51)),
            "more than 50 queues, which is the most that a pool works off",
        ),
        ("seconds,jobs,queue\n0,1,\n9,0,a\n", "line 2: queue must name one"),
        (f"seconds,jobs\n{'9' * 200_000},1\n9,0\n", "line 1: field larger than field limit .131072."),
    ],
)
def test_what_is_no_trace(text: str, want: str) -> None:
    with pytest.raises(TraceError, match=f"^{want}$"):
        read(text)
