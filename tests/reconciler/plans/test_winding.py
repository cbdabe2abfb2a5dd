"""When a Queue that is being deleted may go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.plans.winding import End, verdict
from reconciler.reasons import Reason

DRAIN = End(drains=True, blocks=False, worked=True, seconds_left=60.0, jobs=3, dead=0)
BLOCK = End(drains=False, blocks=True, worked=True, seconds_left=60.0, jobs=3, dead=2)

CASES = [
    pytest.param(replace(DRAIN, drains=False), False, None, id="without a wish it goes, and its jobs stay"),
    pytest.param(DRAIN, True, Reason.DRAINING, id="jobs are worked off first"),
    pytest.param(replace(DRAIN, jobs=0), False, None, id="then it goes"),
    pytest.param(replace(DRAIN, jobs=None), True, Reason.QUEUE_UNREADABLE, id="what cannot be read is not empty"),
    pytest.param(replace(DRAIN, worked=False), False, Reason.QUEUE_ABANDONED, id="nobody works them off"),
    pytest.param(replace(DRAIN, worked=False, jobs=0), False, None, id="nobody is needed for an empty one"),
    pytest.param(replace(DRAIN, seconds_left=-1.0), False, Reason.DRAIN_TIMED_OUT, id="the time is over"),
    pytest.param(
        replace(DRAIN, seconds_left=-1.0, jobs=None), False, Reason.DRAIN_TIMED_OUT, id="a broker that never comes back"
    ),
    pytest.param(BLOCK, True, Reason.DEAD_LETTERS_KEPT, id="dead letters are not to be forgotten"),
    pytest.param(replace(BLOCK, dead=0), False, None, id="there are none"),
    pytest.param(replace(BLOCK, dead=None), True, Reason.DEAD_LETTERS_KEPT, id="or nobody knows"),
    pytest.param(replace(BLOCK, seconds_left=0.0), False, Reason.DRAIN_TIMED_OUT, id="that too has an end"),
    pytest.param(
        replace(BLOCK, drains=True, jobs=0), True, Reason.DEAD_LETTERS_KEPT, id="worked off, but for the dead letters"
    ),
]


@pytest.mark.parametrize(("end", "want_waits", "want_reason"), CASES)
def test_verdict(end: End, want_waits: bool, want_reason: Reason | None) -> None:
    found = verdict(end)
    assert (found.waits, found.reason) == (want_waits, want_reason)
    assert bool(found.message) == (want_reason is not None)
