"""Jobs as data: what is one, how it is marked, and that whatever a producer wrote survives the marks."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from headgate_worker import backoff, jobs
from headgate_worker.config import Retry
from hypothesis import given
from hypothesis import strategies as st

ATTEMPTS = {
    "absent": ({}, 0),
    "a count": ({"attempts": 3}, 3),
    "zero": ({"attempts": 0}, 0),
    "negative": ({"attempts": -1}, 0),
    "a text": ({"attempts": "3"}, 0),
    "a bool": ({"attempts": True}, 0),
    "a fraction": ({"attempts": 2.5}, 0),
}


@pytest.mark.parametrize(("marks", "want"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_attempts_are_read_or_are_none(marks: dict[str, Any], want: int) -> None:
    assert jobs.decode(json.dumps({"id": "j", **marks}).encode()).attempts == want


def test_a_number_may_be_an_id() -> None:
    assert jobs.decode(b'{"id": 7}').id == "7"


BODIES = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


@given(body=BODIES, attempts=st.integers(0, 100), priority=st.sampled_from(["", "high", "a:b"]))
def test_a_retry_changes_its_own_marks_only(body: dict[str, Any], attempts: int, priority: str) -> None:
    raw = json.dumps({**body, "id": "j", "attempts": attempts}).encode()
    again = jobs.decode(jobs.encode(jobs.failed(jobs.decode(raw), priority)))
    want = {**json.loads(raw), "attempts": attempts + 1, **({"priority": priority} if priority else {})}
    assert again.body == want
    assert again.attempts == attempts + 1


def test_a_lost_worker_is_counted_apart_from_failures() -> None:
    job = jobs.lost(jobs.lost(jobs.decode(b'{"id": "j", "attempts": 1}'), ""), "")
    assert (job.attempts, job.recovered) == (1, 2)
    assert json.loads(jobs.encode(job)) == {"id": "j", "attempts": 1, "recovered": 2}


def test_a_dead_letter_says_why_and_keeps_the_job() -> None:
    letter = json.loads(jobs.dead(jobs.decode(b'{"id": "j", "x": 1}'), "e" * 1000, "q"))
    assert letter == {"id": "j", "x": 1, "error": "e" * 500, "diedIn": "q"}


@given(st.binary(max_size=100))
def test_garbage_can_be_read_back_exactly(raw: bytes) -> None:
    letter = json.loads(jobs.dead_garbage(raw, "why", "q"))
    back = letter["raw"].encode() if "raw" in letter else base64.b64decode(letter["rawBase64"])
    assert back == raw
    assert letter["id"] is None


DELAYS = {
    "the first is the initial one": (Retry(initial_seconds=1, max_seconds=30, multiplier=2), 1, 1.0),
    "then it grows": (Retry(initial_seconds=1, max_seconds=30, multiplier=2), 4, 8.0),
    "up to the maximum": (Retry(initial_seconds=1, max_seconds=30, multiplier=2), 40, 30.0),
    "also where a float would overflow": (Retry(initial_seconds=1, max_seconds=30, multiplier=10), 100_000, 30.0),
    "none stays none": (Retry(initial_seconds=0, max_seconds=30, multiplier=10), 100_000, 0.0),
    "a multiplier of one keeps it": (Retry(initial_seconds=2, max_seconds=30, multiplier=1), 50, 2.0),
}


@pytest.mark.parametrize(("retry", "attempts", "want"), DELAYS.values(), ids=DELAYS)
def test_the_delay_before_jitter(retry: Retry, attempts: int, want: float) -> None:
    assert backoff.retry_delay(retry, attempts, lambda: 0.5) == want


@given(random=st.floats(0, 1, exclude_max=True), percent=st.floats(0, 100), attempts=st.integers(1, 20))
def test_jitter_stays_within_its_percentage(random: float, percent: float, attempts: int) -> None:
    retry = Retry(initial_seconds=1, max_seconds=30, multiplier=2, jitter_percent=percent)
    middle = backoff.retry_delay(retry, attempts, lambda: 0.5)
    delay = backoff.retry_delay(retry, attempts, lambda: random)
    assert middle * (1 - percent / 100) - 1e-9 <= delay <= middle * (1 + percent / 100) + 1e-9


def test_waits_for_a_broker_double_up_to_two_seconds() -> None:
    waits = backoff.reconnecting(lambda: 1.0)
    assert [round(next(waits), 2) for _ in range(7)] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
