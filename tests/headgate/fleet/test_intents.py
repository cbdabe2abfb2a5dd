"""What the commands ask of an object, and that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headgate.fleet import intents
from headgate.fleet.intents import Intent


def merged(spec: Any, patch: Any) -> Any:
    """RFC 7386, as the API server merges."""
    if not isinstance(patch, dict):
        return patch
    result = dict(spec) if isinstance(spec, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key, {}), value)
    return result


def hold_two(spec: Any) -> Intent | None:
    return intents.hold(spec, 2, None, "nightly load")


@pytest.mark.parametrize(
    ("before", "intent", "want_spec", "want_words"),
    [
        pytest.param({}, intents.pause, {"paused": True}, "paused", id="a pause"),
        pytest.param({"paused": False}, intents.pause, {"paused": True}, "paused", id="a pause over false"),
        pytest.param({"paused": True}, intents.pause, None, None, id="a pause twice"),
        pytest.param(
            {}, hold_two, {"hold": {"replicas": 2, "reason": "nightly load"}}, "held at 2", id="a hold with a reason"
        ),
        pytest.param(
            {"hold": {"replicas": 5, "until": "2027-01-15T09:00:00Z"}},
            hold_two,
            {"hold": {"replicas": 2, "reason": "nightly load"}},
            "held at 2",
            id="a hold leaves nothing of the one before it",
        ),
        pytest.param(
            {"hold": {"replicas": 2, "reason": "nightly load"}}, hold_two, None, None, id="the same hold twice"
        ),
        pytest.param(
            {"hold": {"replicas": 5}},
            intents.drain,
            {"hold": {"replicas": 0, "reason": "headgate drain"}},
            "held at 0",
            id="a drain is a hold at nothing",
        ),
        pytest.param(
            {"hold": {"replicas": 5}, "paused": True},
            intents.release,
            {"paused": True},
            "hold of 5 lifted",
            id="a release leaves the pause",
        ),
        pytest.param({}, intents.release, None, None, id="a release of nothing"),
        pytest.param(
            {"hold": {"replicas": 5}, "paused": True}, intents.resume, {}, "hold lifted, pause lifted", id="a resume"
        ),
        pytest.param({"paused": False}, intents.resume, None, None, id="a resume of what goes on"),
    ],
)
def test_an_intent(
    before: dict[str, Any],
    intent: Callable[[Any], Intent | None],
    want_spec: dict[str, Any] | None,
    want_words: str | None,
) -> None:
    found = intent(before)
    if want_spec is None:
        assert found is None
        return
    assert found is not None
    after = merged({"spec": before}, found.patch)["spec"]
    assert (after, found.done) == (want_spec, want_words)
    assert intent(after) is None


def test_a_hold_with_an_end() -> None:
    found = intents.hold({}, 3, "2027-01-15T10:00:00Z", None)
    assert found is not None
    assert found.done == "held at 3 until 2027-01-15T10:00:00Z"
