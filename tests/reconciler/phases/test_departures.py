"""What people are told of removals, and what is counted of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler import metrics
from reconciler.phases.pool.departures import tell, tell_of_called
from reconciler.phases.pool.state import PoolState
from reconciler.phases.pool.view import View
from reconciler.plans.actions import Action, Cancel, DeleteMarked, Mark, Request, Scale
from reconciler.plans.child import Child, DrainReason, Pod
from reconciler.plans.child import Request as Asked
from tests.reconciler.builders import pod as stored_pod
from tests.reconciler.builders import pool
from tests.reconciler.phases.worlds import START, World

ASKED = Asked("ScaleDown", 0.0)
A, B = (Pod(name, f"uid-{name}", "1", container=f"c-{name}", request=ASKED, bound=f"c-{name}") for name in "ab")
FORCED = replace(A, forced=True)


def child(*pods: Pod, **more: Any) -> Child:
    return Child("w-1", "uid", "1", **{"replicas": len(pods), "keep": 0, "now": 0.0, "pods": pods, **more})


CASES: dict[str, tuple[Child, list[Action], list[str], dict[str, int]]] = {
    "it begins": (
        child(A, B),
        [Request(A, DrainReason.SCALE_DOWN), Request(B, DrainReason.SCALE_DOWN)],
        ["Normal Draining: Asked to drain for ScaleDown: a, b"],
        {"requested": 2},
    ),
    "for more than one reason": (
        child(A, B, reason=DrainReason.SCALE_DOWN),
        [Request(B, DrainReason.SCALE_DOWN), Request(A, DrainReason.ROLLOUT)],
        ["Normal Draining: Asked to drain for Rollout: a", "Normal Draining: Asked to drain for ScaleDown: b"],
        {"requested": 2},
    ),
    "it is called off": (
        child(A),
        [Cancel(A)],
        ["Normal DrainCancelled: Wanted again, and go on: a"],
        {"cancelled": 1},
    ),
    "a proof is told when it has had its effect": (child(A), [Mark(A)], [], {"drained": 1}),
    "its time is over": (
        child(A),
        [Mark(A, forced=True)],
        ["Warning DrainTimedOut: drain.timeout is over, removed without a proof: a"],
        {"timeout": 1},
    ),
    "the child shrinks": (
        child(A, B),
        [Scale(2, 0)],
        ["Normal WorkersRemoved: Removed 2 drained of w-1"],
        {"removed": 2},
    ),
    "and what it owes then is not told again": (child(A, replicas=0), [DeleteMarked(A, owed=True)], [], {}),
    "one that is replaced leaves by name": (
        child(A, B),
        [DeleteMarked(A)],
        ["Normal WorkersRemoved: Removed drained: a"],
        {"removed": 1},
    ),
    "nobody drained who was given up": (
        child(FORCED),
        [Scale(1, 0)],
        ["Normal WorkersRemoved: Removed 1 of w-1"],
        {"removed": 1},
    ),
    "nor who was ended by SIGTERM": (
        child(A, warm=True),
        [Scale(1, 0)],
        ["Normal WorkersRemoved: Removed 1 of w-1"],
        {"removed": 1},
    ),
    "places without a pod cost nobody": (child(A, replicas=3), [Scale(3, 1)], [], {}),
    "nor do those of a StatefulSet": (
        child(replace(A, ordinal=0), replace(B, ordinal=2), replicas=3, ordered=True),
        [Scale(3, 1)],
        ["Normal WorkersRemoved: Removed 1 drained of w-1"],
        {"removed": 1},
    ),
    "growing is no removal": (child(A), [Scale(1, 2)], [], {}),
}
OUTCOMES = ("requested", "drained", "removed", "cancelled", "timeout")


@pytest.mark.parametrize(("of", "done", "want_events", "want_counts"), CASES.values(), ids=CASES.keys())
def test_what_was_done(of: Child, done: list[Action], want_events: list[str], want_counts: dict[str, int]) -> None:
    world = World()
    tell(PoolState(obj=pool("w"), now=START), world.ctx, of, done)
    counted = {outcome: world.ctx.metrics.value(metrics.POOL_DRAINS, "shop", "w", outcome) for outcome in OUTCOMES}
    assert world.events == want_events
    assert {outcome: count for outcome, count in counted.items() if count} == want_counts


def test_who_was_asked_by_others_is_told_once() -> None:
    world, state = World(), PoolState(obj=pool("w"), now=START)
    texts = {
        "a": "User/2027-01-15T08:00:00Z",
        "b": "Node n1/2027-01-15T08:00:00Z",
        "c": "ScaleDown/2027-01-15T08:00:00Z",
    }
    asked = [stored_pod(name, state.obj, annotations={"headgate.dev/drain": text}) for name, text in texts.items()]
    state.view = View(pods=asked)
    for _ in range(2):
        tell_of_called(state, world.ctx)
    assert world.events == [
        "Normal Draining: Asked by others to drain, for Node n1: b",
        "Normal Draining: Asked by others to drain, for User: a",
    ]
