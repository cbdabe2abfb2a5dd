"""How workers, revisions and queues come to an end that is not the usual one, through a real API server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.reconciler.phases.admin import Admin
from tests.reconciler.phases.fleet import Fleet

pytestmark = pytest.mark.control_plane

BROKEN = "registry.example.com/worker:2"
GLASS = "headgate.dev/break-glass"


def test_a_worker_that_a_user_asks_to_drain_is_replaced(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 2})
    fleet.until_serving(2)
    fleet.push(4000)
    first, second = sorted(pod["metadata"]["name"] for pod in fleet.list("pods"))
    fleet.cluster.kubectl(
        "-n", fleet.namespace, "annotate", "pod", first, "headgate.dev/drain=User/2027-01-15T08:00:00Z"
    )

    def replaced() -> str | None:
        names = {pod["metadata"]["name"] for pod in fleet.list("pods")}
        return None if first not in names and second in names and len(names) == 2 else str(names)

    fleet.until("the worker is replaced", replaced)
    assert not fleet.node.kills


def test_break_glass_on_a_worker_ends_with_its_time_and_the_guard_is_back(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 1})
    fleet.until_serving(1)
    (name,) = (pod["metadata"]["name"] for pod in fleet.list("pods"))
    soon, never = (f"{datetime.now(UTC) + timedelta(seconds=away):%FT%TZ} it hangs, INC-4711" for away in (8, 200_000))
    break_glass(fleet, f"pod/{name}", soon)
    break_glass(fleet, "wp/w", never)

    def ended() -> str | None:
        (pod,), held = fleet.list("pods"), fleet.objects.get("wp", "w")
        left = [one["metadata"]["annotations"].get(GLASS) for one in (pod, held) if "annotations" in one["metadata"]]
        return None if not any(left) else str(left)

    fleet.until("it is taken off both", ended)
    with pytest.raises(RuntimeError, match="has not been drained"):
        fleet.cluster.kubectl("-n", fleet.namespace, "delete", "pod", name, "--dry-run=server")
    for want in (
        f"Break-glass until {soon.replace(' ', ': ', 1)}",
        f"Break-glass is over, and was taken off: {soon}",
        f"Break-glass lasts for longer than 24h, and was taken off: {never}",
    ):
        fleet.until(f"an Event says: {want}", lambda want=want: None if want in fleet.events() else fleet.events())


def break_glass(fleet: Fleet, target: str, words: str) -> None:
    fleet.cluster.kubectl("-n", fleet.namespace, "annotate", target, f"{GLASS}={words}")


def test_a_revision_that_never_starts_is_rolled_back(fleet: Fleet) -> None:
    fleet.node.habits.broken_images = frozenset({BROKEN})
    spec: dict[str, Any] = {"hold": {"replicas": 2}, "scaling": {"maxReplicas": 3, "startupTime": "1s"}}
    rollout = {"maxSurge": 1, "progressDeadline": "4s", "onFailure": "Rollback"}
    fleet.apply(**spec, rollout=rollout)
    fleet.until_serving(2)
    before = {pod["metadata"]["name"] for pod in fleet.list("pods")}
    fleet.apply(**spec, rollout=rollout, image=BROKEN)

    def rolled_back() -> str | None:
        names = {pod["metadata"]["name"] for pod in fleet.list("pods")}
        said = any("Stalled=True RolledBack" in one for one in fleet.objects.conditions("wp", "w"))
        return None if said and names == before else f"{names ^ before}; {fleet.status()}"

    fleet.until("the failed revision is gone", rolled_back)
    (why,) = [one for one in fleet.objects.conditions("wp", "w") if one.startswith("Ready")]
    assert "has failed (its worker is not ready)" in why
    assert not fleet.node.kills


def test_a_worker_that_is_over_its_time_is_ended_where_the_spec_says_so(fleet: Fleet) -> None:
    fleet.node.habits.shortest_job = fleet.node.habits.longest_job = 600.0
    fleet.apply(hold={"replicas": 1}, drain={"timeout": "3s", "onTimeout": "Kill"})
    fleet.until_serving(1)
    fleet.push(3)
    fleet.until("it works", lambda: None if fleet.node.busy else "idle")
    fleet.hold(0)
    fleet.until("it is gone", lambda: str(fleet.list("pods")) if fleet.list("pods") else None)
    assert "DrainTimedOut" in fleet.cluster.kubectl("-n", fleet.namespace, "get", "events")


def test_a_worker_that_is_over_its_time_gives_its_job_back_where_the_spec_says_so(fleet: Fleet) -> None:
    fleet.node.habits.shortest_job = fleet.node.habits.longest_job = 600.0
    fleet.node.habits.gives_back = True
    fleet.apply(hold={"replicas": 1}, drain={"timeout": "3s", "onTimeout": "Requeue"})
    fleet.until_serving(1)
    fleet.push(3)
    fleet.until("it works", lambda: None if fleet.node.busy else "idle")
    fleet.hold(0)
    fleet.until("it is gone", lambda: str(fleet.list("pods")) if fleet.list("pods") else None)
    assert fleet.node.broker.llen("orders") == 3, "no job is lost, and none was done"
    assert fleet.node.graces == [30], "it had its whole grace period to do so"
    assert "DrainTimedOut" in fleet.cluster.kubectl("-n", fleet.namespace, "get", "events")


def test_a_busy_worker_is_waited_for_beyond_its_time_by_default(fleet: Fleet) -> None:
    fleet.node.habits.shortest_job = fleet.node.habits.longest_job = 9.0
    fleet.apply(hold={"replicas": 1}, drain={"timeout": "2s"})
    fleet.until_serving(1)
    fleet.push(1)
    fleet.until("it works", lambda: None if fleet.node.busy else "idle")
    fleet.hold(0)

    def said() -> str | None:
        seen = fleet.objects.conditions("wp", "w")
        return None if any("Draining=True DrainTimedOut" in one for one in seen) else str(seen)

    fleet.until("the condition says that its time is over", said)
    fleet.until("it is gone", lambda: str(fleet.list("pods")) if fleet.list("pods") else None)
    assert fleet.node.jobs_done == 1
    assert not fleet.node.kills


def test_workers_that_prove_nothing_end_their_jobs_after_sigterm_where_that_was_chosen(fleet: Fleet) -> None:
    fleet.node.habits.silent = True
    fleet.node.habits.shortest_job = fleet.node.habits.longest_job = 3.0
    fleet.apply(hold={"replicas": 2}, drain={"timeout": "60s", "method": "Signal"})
    fleet.until_serving(2)
    fleet.push(2)
    fleet.until("both work", lambda: None if fleet.node.busy == 2 else str(fleet.node.busy))
    fleet.hold(0)
    fleet.until("they are gone", lambda: str(fleet.list("pods")) if fleet.list("pods") else None)
    assert fleet.node.jobs_done == 2
    assert fleet.node.graces == [60, 60], "the grace period is the drain's"
    assert fleet.objects.get("wp", "w")["status"]["drainMethod"] == "WarmStop"
    assert any("Guarantee=False WarmStop" in one for one in fleet.objects.conditions("wp", "w"))


def test_a_worker_that_only_speaks_http_is_asked_there_and_proved(fleet: Fleet) -> None:
    fleet.node.habits.silent, fleet.node.habits.address = True, "127.0.0.1"
    fleet.node.habits.shortest_job = fleet.node.habits.longest_job = 4.0
    with Admin(fleet.node) as admin:
        drain = {"timeout": "60s", "method": "AdminAPI", "adminAPI": {"port": admin.port, "path": "/worker"}}
        fleet.apply(hold={"replicas": 1}, drain=drain)
        fleet.until_serving(1)
        assert not admin.asked, "nobody is asked who need not leave"
        fleet.push(4)
        fleet.until("it works", lambda: None if fleet.node.busy else "idle")
        fleet.hold(0)
        fleet.until("it is gone", lambda: str(fleet.list("pods")) if fleet.list("pods") else None)
    assert admin.asked[:2] == ["GET /worker/status", "POST /worker/drain"]
    assert fleet.node.jobs_done >= 1
    assert fleet.node.broker.llen("orders"), "it took nothing more once it was asked"
    assert not fleet.node.kills
    assert fleet.objects.get("wp", "w")["status"]["drainMethod"] == "AdminAPI"


def test_a_queue_takes_its_jobs_and_dead_letters_along_where_the_spec_says_so(fleet: Fleet) -> None:
    spec = {"management": "Manage", "deletionPolicy": "Purge", "deadLetter": {"deletionPolicy": "Purge"}}
    fleet.apply(hold={"replicas": 0}, orders_spec=spec)
    fleet.push(5)
    fleet.node.broker.lpush("orders:dead", *(f'{{"id": 1, "diedIn": "{name}"}}' for name in ("orders", "other")))
    fleet.until("it is read", lambda: None if fleet.objects.get("hq", "orders").get("status") else "not yet")
    fleet.cluster.kubectl("-n", fleet.namespace, "delete", "wp/w", "hq/orders", "--timeout=60s")
    assert fleet.node.broker.llen("orders") == 0
    assert fleet.node.broker.lrange("orders:dead", 0, -1) == [b'{"id": 1, "diedIn": "other"}']
    assert "Purged" in fleet.cluster.kubectl("-n", fleet.namespace, "get", "events")


def test_a_queue_that_drains_is_gone_when_its_jobs_are(fleet: Fleet) -> None:
    fleet.apply(hold={"replicas": 2}, orders_spec={"deletionPolicy": "Drain"})
    fleet.until_serving(2)
    fleet.push(12)
    fleet.cluster.kubectl("-n", fleet.namespace, "delete", "hq/orders", "--wait=false")

    def gone() -> str | None:
        return str(left) if (left := fleet.objects.all("hq")) else None

    fleet.until("the queue is gone", gone)
    assert fleet.node.jobs_done == 12
    fleet.hold(0)
    fleet.until("its workers can still leave", lambda: str(fleet.list("pods")) if fleet.list("pods") else None)
    assert "Drained" in fleet.cluster.kubectl("-n", fleet.namespace, "get", "events")
    assert not fleet.node.kills
