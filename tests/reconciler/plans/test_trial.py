"""When a new revision has failed, and when its pods find no room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plans.trial import Trial, Tried

DEADLINE, STARTUP = 600.0, 30.0
YOUNG, OLD = 100.0, 601.0

TROUBLED = Tried(OLD, trouble="ImagePullBackOff")
HOMELESS = Tried(61.0, placed=False, trouble="0/3 nodes are available: 3 Insufficient cpu.")
BUSY = Tried(OLD, ready=True, running=1)
IDLE = Tried(OLD, ready=True)


def trial(*pods: Tried, waiting: bool = True, **more: object) -> Trial:
    return replace(Trial(pods, waiting, DEADLINE, STARTUP), **more)  # type: ignore[arg-type]  # the fields of Trial


CASES = [
    pytest.param(trial(), "", "", id="without a pod nothing is known"),
    pytest.param(trial(replace(TROUBLED, age=YOUNG)), "", "", id="it has its time"),
    pytest.param(
        trial(TROUBLED), "ImagePullBackOff", "", id="then it has failed, for the reason that the cluster gives"
    ),
    pytest.param(trial(Tried(OLD)), "its worker is not ready", "", id="a worker that never gets ready"),
    pytest.param(trial(Tried(OLD, ready=True, restarts=3)), "its worker was restarted", "", id="one that crashes"),
    pytest.param(trial(IDLE), "its worker takes no job", "", id="one that takes no job while jobs wait"),
    pytest.param(trial(IDLE, waiting=False), "", "", id="without jobs to take nobody can say so"),
    pytest.param(trial(BUSY), "", "", id="a first job may take longer than the deadline"),
    pytest.param(trial(TROUBLED, BUSY), "", "", id="one worker that works is enough"),
    pytest.param(
        trial(HOMELESS), "", "0/3 nodes are available: 3 Insufficient cpu.", id="a pod that no node takes finds no room"
    ),
    pytest.param(trial(replace(HOMELESS, age=59.0)), "", "", id="a scheduler may take its time too"),
    pytest.param(
        trial(refused_seconds=61.0, refusal="exceeded quota: small"), "", "exceeded quota: small", id="nor does a quota"
    ),
    pytest.param(
        trial(refused_seconds=601.0, refusal="exceeded quota: small"),
        "exceeded quota: small",
        "exceeded quota: small",
        id="no room for too long is a failure",
    ),
]


@pytest.mark.parametrize(("tried", "want_failure", "want_cramped"), CASES)
def test_trial(tried: Trial, want_failure: str, want_cramped: str) -> None:
    assert (tried.failure, tried.cramped) == (want_failure, want_cramped)
