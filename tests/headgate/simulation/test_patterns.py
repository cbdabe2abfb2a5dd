from __future__ import annotations

import pytest

from headgate.simulation import patterns
from headgate.simulation.patterns import PatternError


@pytest.mark.parametrize(
    ("text", "at", "want"),
    [
        ("constant:10", 500.0, 10),
        ("step:1:10:20m:40m", 1199.0, 1),
        ("step:1:10:20m:40m", 1200.0, 10),
        ("sine:2:18:20m", 0.0, 2),
        ("sine:2:18:20m", 600.0, 18),
        ("sawtooth:0:10:10m", 300.0, 5),
        ("onoff:5:1m:9m", 59.0, 5),
        ("onoff:5:1m:9m", 61.0, 0),
        ("burst:2000:10m:20s:0.5", 610.0, 100),
        ("burst:2000:10m:20s:0.5", 630.0, 0.5),
    ],
)
def test_patterns(text: str, at: float, want: float) -> None:
    assert patterns.parse(text).rate(at) == pytest.approx(want)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("constant:10", 10),
        ("step:10:1:20m:40m", 10),
        ("sine:2:18:1s", 18),
        ("sawtooth:0:10:1s", 10),
        ("onoff:5:1s:9m", 5),
        ("burst:2000:10m:1s:0.5", 2000),
        ("burst:1:10m:20s:0.5", 0.5),
    ],
)
def test_the_highest_rate_is_known_however_short_it_is(text: str, want: float) -> None:
    assert patterns.parse(text).highest == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("square:1", "no pattern 'square': use constant:RATE, step:LOW:HIGH:START-TIME:END-TIME,"),
        ("constant", "pattern 'constant' has 0 parts: write constant:RATE"),
        ("constant:many", "RATE must be a number, not 'many'"),
        ("constant:nan", "RATE must be from 0 to 10000, not 'nan'"),
        ("constant:-1", "RATE must be from 0 to 10000, not '-1'"),
        ("sine:1:2:20", "PERIOD-TIME must be a duration such as 20m, not '20'"),
        ("sine:1:2:0s", "PERIOD-TIME must be from 1 to 2678400, not '0s'"),
        ("onoff:5:0s:0s", "ON-TIME must be from 1 to 2678400, not '0s'"),
        ("burst:inf:1m:10s:0", "JOBS must be from 0 to 2000000, not 'inf'"),
    ],
)
def test_what_is_no_pattern(text: str, want: str) -> None:
    with pytest.raises(PatternError) as caught:
        patterns.parse(text)
    assert str(caught.value).startswith(want)
