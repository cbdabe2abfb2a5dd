"""When the agent calls a worker drained, and what it does to it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from headgate.agent.plan import NOTHING_SEEN, Act, Look, Process, State, Story, told, verdict

BUSY = Process(quiet=False, running=1)
IDLE = Process(quiet=False, running=0)
FINISHING = Process(quiet=True, running=1)
HOLDING = Process(quiet=True, running=0, held=1)
AT_REST = Process(quiet=True, running=0)


def one(process: Process) -> Look:
    return {"a": process}


def beating(process: Process, beat: str) -> Process:
    return Process(process.quiet, process.running, process.held, beat=beat)


def story_of(looks: Sequence[Look]) -> Story:
    story = NOTHING_SEEN
    for number, look in enumerate(looks, start=1):
        story = told(story, look, number)
    return story


STORIES = [
    pytest.param([one(BUSY)], State.DRAINING, Act.QUIET, id="a worker that takes jobs is told to take no more"),
    pytest.param([one(IDLE)], State.DRAINING, Act.QUIET, id="an idle one too: it could take a job at any moment"),
    pytest.param([one(FINISHING)], State.DRAINING, Act.NOTHING, id="one that finishes its job is waited for"),
    pytest.param([one(HOLDING), one(HOLDING)], State.DRAINING, Act.NOTHING, id="what it has prefetched it still runs"),
    pytest.param([one(AT_REST)], State.DRAINING, Act.NOTHING, id="seen at rest once is not enough"),
    pytest.param([one(AT_REST), one(AT_REST)], State.DRAINED, Act.NOTHING, id="seen at rest twice"),
    pytest.param(
        [one(AT_REST), one(FINISHING), one(AT_REST)],
        State.DRAINING,
        Act.NOTHING,
        id="a job that came between the two begins it anew",
    ),
    pytest.param(
        [one(AT_REST), {}, one(AT_REST)], State.DRAINING, Act.NOTHING, id="a look that saw nothing begins it anew"
    ),
    pytest.param([one(AT_REST), {}], None, Act.NOTHING, id="who sees nothing says nothing"),
    pytest.param(
        [one(AT_REST), {"a": AT_REST, "b": AT_REST}],
        State.DRAINING,
        Act.NOTHING,
        id="a process that was not there before has to be seen twice itself",
    ),
    pytest.param(
        [{"a": AT_REST, "b": FINISHING}] * 2, State.DRAINING, Act.NOTHING, id="every process of the pod counts"
    ),
    pytest.param([one(beating(AT_REST, "1"))] * 9, None, Act.NOTHING, id="a heartbeat that never beats proves nothing"),
    pytest.param(
        [one(beating(AT_REST, beat)) for beat in "112222"],
        State.DRAINING,
        Act.NOTHING,
        id="one heartbeat is one sighting, however often it is read",
    ),
    pytest.param(
        [one(beating(AT_REST, beat)) for beat in "112223"], State.DRAINED, Act.NOTHING, id="two heartbeats at rest"
    ),
]


@pytest.mark.parametrize(("looks", "want_state", "want_act"), STORIES)
def test_a_worker_that_is_asked(looks: Sequence[Look], want_state: State | None, want_act: Act) -> None:
    found = verdict(story_of(looks), asked=True, quieted=True)
    assert (found.state, found.act) == (want_state, want_act)


def test_nobody_is_drained_who_is_not_asked() -> None:
    story = story_of([one(AT_REST)] * 3)
    assert verdict(story, asked=False, quieted=True).state is State.RUNNING


@pytest.mark.parametrize(
    ("quieted", "want_act"),
    [
        pytest.param(True, Act.WAKE, id="who was called back goes on"),
        pytest.param(False, Act.NOTHING, id="a worker that somebody else has quieted stays so"),
    ],
)
def test_a_quiet_worker_that_nobody_asks(quieted: bool, want_act: Act) -> None:
    assert verdict(story_of([one(AT_REST)]), asked=False, quieted=quieted).act is want_act


SINCE = [
    pytest.param(["", "", ""], 3, id="an answer is of the round that asked"),
    pytest.param(["1", "2", "3"], 2, id="a new heartbeat is newer than the round before"),
    pytest.param(["1", "2", "2"], 1, id="an old one keeps its age"),
]


@pytest.mark.parametrize(("beats", "want_since"), SINCE)
def test_a_sight_never_seems_newer_than_it_is(beats: Sequence[str], want_since: int) -> None:
    story = story_of([one(beating(IDLE, beat)) for beat in beats])
    assert story.sight is not None
    assert story.sight.since == want_since


def test_the_slowest_heart_says_how_old_a_sight_is() -> None:
    looks = [{"a": beating(IDLE, str(n)), "b": beating(IDLE, "1" if n > 1 else "0")} for n in range(6)]
    story = story_of(looks)
    assert story.sight is not None
    assert story.sight.since == 2
