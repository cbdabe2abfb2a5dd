"""How `status.summary` speaks of who leaves, and that nothing is decided from it."""

from __future__ import annotations

import pytest

from reconciler.phases.pool.scaling_record import decided, with_draining

SUMMARIES = [
    pytest.param("held at 0", 3, "held at 0; 3 drain", id="some leave"),
    pytest.param("held at 0", 0, "held at 0", id="nobody does"),
    pytest.param(
        "not shrinking: orders is unreadable now!", 2, "not shrinking: orders is unreadable now!", id="no room"
    ),
    pytest.param(
        "starts orders within 10s (p95)", 3, "starts orders within 10s (p95); 3 drain", id="just enough of it"
    ),
]


@pytest.mark.parametrize(("why", "draining", "want"), SUMMARIES)
def test_a_summary(why: str, draining: int, want: str) -> None:
    told = with_draining(why, draining)
    assert told == want
    assert len(told) <= 40
    assert decided(told) == why
