from __future__ import annotations

import pytest

from headgate.simulation import recorded, work
from headgate.simulation.recorded import TraceError
from headgate.simulation.work import Trace


def read(text: str) -> Trace:
    return recorded.trace(text, work.fixed(2.0), 2.0, seed=1)


def test_counts_are_spread_over_their_rows() -> None:
    trace = read("seconds,jobs,service\n0,3,\n60,2,10\n120,0,\n")
    assert [arrived >= 60 for arrived, _ in trace.jobs] == [False] * 3 + [True] * 2
    assert [seconds for _, seconds in trace.jobs] == [2.0, 2.0, 2.0, 10.0, 10.0]
    assert trace.duration == 120


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", "the header lacks jobs, seconds"),
        ("seconds\n0\n", "the header lacks jobs"),
        ("seconds,jobs\n0,1\n", "a trace needs two rows at least: the last one ends it"),
        ("seconds,jobs\n0,1\n0,1\n", "line 3: seconds must ascend, from 0 to 2.6784e+06"),
        ("seconds,jobs\n0,one\n9,0\n", "line 2: seconds, jobs and service must be numbers"),
        ("seconds,jobs\n0,-1\n9,0\n", "line 2: jobs must not be below 0, service must be above"),
        ("seconds,jobs\nnan,1\n9,0\n", "line 2: seconds must ascend, from 0 to 2.6784e+06"),
        ("seconds,jobs\n0,3000000\n9,0\n", "more than 2000000 jobs"),
    ],
)
def test_what_is_no_trace(text: str, want: str) -> None:
    with pytest.raises(TraceError, match=f"^{want.replace('+', '[+]')}$"):
        read(text)
