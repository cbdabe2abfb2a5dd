from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.brokers.jobtime import enqueued_at

NOW = 1_800_000_000.0
THEN = NOW - 90

KNOWN = {
    "seconds": {"id": "1", "enqueuedAt": THEN},
    "whole seconds": {"enqueued_at": int(THEN)},
    "milliseconds": {"timestamp": int(THEN * 1000)},
    "microseconds": {"createdAt": int(THEN * 1e6)},
    "nanoseconds": {"created_at": int(THEN * 1e9)},
    "RFC 3339": {"creation_time": "2027-01-15T07:58:30Z"},
    "RFC 3339 with an offset": {"creation_time": "2027-01-15T09:58:30+02:00"},
    "a time without a zone is UTC": {"creation_time": "2027-01-15T07:58:30"},
    "inside the headers": {"headers": {"timestamp": THEN}},
    "inside the properties": {"properties": {"published_at": THEN}},
    "a senseless field does not hide a good one": {"enqueuedAt": "soon", "createdAt": THEN},
}
UNKNOWN = {
    "no time": {"id": "1"},
    "a time out of reach": {"enqueuedAt": 12},
    "a time far ahead": {"enqueuedAt": NOW + 3600},
    "true": {"enqueuedAt": True},
    "a list": {"enqueuedAt": [THEN]},
    "no object": [THEN],
}


@pytest.mark.parametrize("job", KNOWN.values(), ids=KNOWN.keys())
def test_known(job: object) -> None:
    assert enqueued_at(json.dumps(job).encode(), NOW) == THEN


@pytest.mark.parametrize("job", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown(job: object) -> None:
    assert enqueued_at(json.dumps(job).encode(), NOW) is None


@given(st.binary(max_size=100) | st.from_type(object).map(lambda value: repr(value).encode()))
def test_nothing_breaks_the_reader(job: bytes) -> None:
    assert enqueued_at(job, NOW) is None


@given(st.floats() | st.integers() | st.text())
def test_any_value_is_plausible_or_unknown(value: object) -> None:
    found = enqueued_at(json.dumps({"enqueuedAt": value}).encode(), NOW)
    assert found is None or NOW - 10 * 366 * 86_400 <= found <= NOW + 300
