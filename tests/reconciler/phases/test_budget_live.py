"""A budget through a real API server: workers change hands by draining, and never are there too many of them."""

from __future__ import annotations

import pytest

from tests.reconciler.builders import policy, pool
from tests.reconciler.phases.fleet import Fleet

pytestmark = pytest.mark.control_plane


def test_a_pool_of_higher_priority_gets_workers_that_have_finished_their_jobs(fleet: Fleet) -> None:
    guard = policy("guardrails")
    guard["spec"]["budget"] = {"maxReplicas": 4, "preemption": "LowerPriority", "minRuntime": "1s"}
    fleet.objects.apply(guard)
    fleet.apply(hold={"replicas": 4})
    fleet.until_serving(4)
    fleet.push(4000)
    fleet.until("all work", lambda: None if fleet.node.busy == 4 else str(fleet.node.busy))
    serving = pool("serving", "orders")
    serving["spec"] |= {"priority": 10, "hold": {"replicas": 2}, "drain": {"timeout": "60s"}}
    fleet.objects.apply(serving)

    def changed_hands() -> str | None:
        names = ("w", "serving")
        seen = {name: fleet.objects.get("wp", name).get("status", {}) for name in names}
        has = [(one.get("replicas"), one.get("readyReplicas")) for one in seen.values()]
        return None if has == [(2, 2), (2, 2)] else f"{has} {[one.get('summary') for one in seen.values()]}"

    fleet.until("two workers have changed hands", changed_hands)
    assert not fleet.node.kills
    assert fleet.node.most_together <= 4
    events = fleet.cluster.kubectl("-n", fleet.namespace, "get", "events", "-o", "custom-columns=M:.message")
    assert "for Preempted" in events
    fleet.objects.patch("workerpool", "serving", {"spec": {"hold": {"replicas": 0}}})
    fleet.until("they come back", lambda: None if fleet.ready() == 4 else fleet.status())
    assert not fleet.node.kills
    assert fleet.node.most_together <= 4
