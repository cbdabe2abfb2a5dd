from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.brokers.records import State, Told, parse, parse_all
from tests.reconciler.brokers.records import fields, record

NOW = 1_800_000_000.0
NAME = "pod-1.0a1b2c3d"


def test_a_record_is_read() -> None:
    read = parse(NAME, record(NAME, running=2, held=1, inFlight="orders:processing:pod-1"))
    assert read is not None
    assert (read.pod, read.state, read.in_flight, read.completed) == ("pod-1", State.RUNNING, 3, 10)
    assert read.in_flight_at == "orders:processing:pod-1"


GARBAGE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[1, 2]",
    "another instance's record": record("pod-2.00000000"),
    "no state": json.dumps({k: v for k, v in fields().items() if k != "state"}).encode(),
    "an unknown state": record(state="Sleeping"),
    "a negative count": record(running=-1),
    "a count that is a fraction": record(running=0.5),
    "a count that is text": record(running="0"),
    "a count that is true": record(running=True),
    "a count beyond reason": record(running=2**60),
    "a time that is text": record(time="now"),
    "a time beyond numbers": record().replace(b"1800000000.0", b"1e999"),
    "a pod name beyond reason": record(pod="p" * 301),
    "a pod that is null": record(pod=None),
    "waits that are a list": record(waits=[1]),
    "a bucket that is none": record(waits={"64": 1}),
    "a bucket without a number": record(waits={"0": "many"}),
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_no_record(text: bytes) -> None:
    assert parse(NAME, text) is None


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(lambda v: repr(v).encode())
)
def test_nothing_breaks_the_reader(text: bytes) -> None:
    assert parse(NAME, text) is None


@given(st.dictionaries(st.sampled_from(sorted(fields())), st.none() | st.integers() | st.text() | st.lists(st.none())))
def test_wrong_types_never_raise(changes: dict[str, Any]) -> None:
    parse(NAME, json.dumps({**fields(), **changes}).encode())


@pytest.mark.parametrize(
    ("age", "want_fresh"),
    [(0, True), (15, True), (15.1, False), (-5, True), (-5.1, False), (3600, False)],
)
def test_freshness_by_the_brokers_clock(age: float, want_fresh: bool) -> None:
    records = parse_all({NAME: record(NAME, time=NOW - age)}, NOW)
    assert (NAME in records.fresh) == want_fresh
    assert (NAME in records.stale) != want_fresh


def test_garbage_is_counted() -> None:
    records = parse_all({NAME: record(NAME), "pod-2.1": b"?", "pod-3.1": b""}, NOW)
    assert (len(records.fresh), records.garbage) == (1, 2)


def test_a_worker_of_several_queues_tells_of_each_alone() -> None:
    of_queue = {"completed": 4, "serviceSeconds": 8.0, "serviceSecondsSq": 17.0, "busySeconds": 9.0}
    told = parse(NAME, record(NAME, queue=of_queue))
    assert told is not None
    assert (told.completed, told.told) == (10, Told(4, 8.0, 17.0, 9.0, waits=None))


@pytest.mark.parametrize("garbage", [{"completed": -1}, {"completed": "4"}, {}, {"completed": 4, "busySeconds": "9"}])
def test_a_record_with_garbage_about_its_queue_is_garbage(garbage: dict[str, Any]) -> None:
    assert parse(NAME, record(NAME, queue=garbage)) is None


def test_what_living_workers_tell_is_summed() -> None:
    raw = {
        "a.1": record("a.1", completed=3, serviceSeconds=3.0, serviceSecondsSq=4.0, busySeconds=5.0),
        "b.1": record("b.1", completed=2, serviceSeconds=7.0, serviceSecondsSq=30.0, busySeconds=7.5),
        "c.1": record("c.1", completed=100, serviceSeconds=1.0, time=NOW - 60),
    }
    assert parse_all(raw, NOW).told == Told(5, 10.0, 34.0, 12.5, waits=None)


@pytest.mark.parametrize(
    ("before", "after", "want"),
    [
        ({"a.1": 10}, {"a.1": 14}, 4),
        ({"a.1": 10}, {"a.1": 14, "b.1": 3}, 7),
        ({"a.1": 10, "b.1": 5}, {"a.1": 10}, 0),
        ({"a.1": 10}, {"a.1": 2}, 0),
        ({}, {"a.1": 2}, None),
    ],
    ids=["more runs", "a new worker", "a worker that left", "a counter that fell", "nobody to compare with"],
)
def test_completions_between_two_readings(before: dict[str, int], after: dict[str, int], want: int | None) -> None:
    earlier, later = (
        parse_all({name: record(name, completed=count) for name, count in counts.items()}, NOW)
        for counts in (before, after)
    )
    assert later.completed_since(earlier) == want


@pytest.mark.parametrize(
    ("before", "after", "want"),
    [
        ({"0": 3}, {"0": 5, "7": 1}, {0: 2, 7: 1}),
        ({"0": 3}, {"0": 3}, {}),
        (None, {"0": 5}, {0: 5}),
        ({"0": 3}, None, None),
    ],
    ids=["more", "no more", "counted since an upgrade", "no longer counted"],
)
def test_how_long_jobs_have_waited(
    before: dict[str, int] | None, after: dict[str, int] | None, want: dict[int, int] | None
) -> None:
    earlier, later = (parse_all({NAME: record(NAME, waits=counts)}, NOW) for counts in (before, after))
    assert later.told_since(earlier).waits == want


def test_one_worker_that_does_not_count_waits_hides_those_of_all() -> None:
    raw = {NAME: record(NAME, waits={"0": 3}), "b.1": record("b.1")}
    assert parse_all(raw, NOW).told.waits is None
