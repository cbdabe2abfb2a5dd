"""The reconciler as it runs: one status each and no more, one leader, and every way to end."""

from __future__ import annotations

import signal

import pytest

from tests.reconciler.builders import policy, pool, queue
from tests.reconciler.objects import READY, Objects, wait_for
from tests.reconciler.program import ANNOTATION
from tests.reconciler.reconcilers import Reconcilers

QUICK = ("--lease-duration", "4", "--renew-deadline", "3", "--retry-period", "0.5")
LEASE = "headgate-reconciler"


def test_a_status_is_written_once_and_users_objects_stay_theirs(reconcilers: Reconcilers, objects: Objects) -> None:
    objects.apply(queue("q", annotations={ANNOTATION: "poll 0.05"}), pool("p"), policy("limits"))
    one = reconcilers.start()
    for resource, name in (("queue", "q"), ("workerpool", "p")):
        wait_for(reconcilers, one, objects, resource, name, READY)
    before = {resource: objects.get(resource, name) for resource, name in (("queue", "q"), ("workerpool", "p"))}
    passes = 'headgate_reconcile_duration_seconds_count{kind="Queue"}'
    reached = (one.metric(passes) or 0) + 30
    reconcilers.until(one, "30 more passes", lambda: None if (one.metric(passes) or 0) > reached else "fewer")

    assert one.metric('headgate_status_writes_total{kind="Queue"}') == 1
    assert one.metric('headgate_status_writes_total{kind="WorkerPool"}') == 1
    for resource, old in before.items():
        new = objects.get(resource, old["metadata"]["name"])
        assert new["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"]
        assert new["status"]["observedGeneration"] == 1
        assert set(new["metadata"].get("annotations", {})) <= {ANNOTATION}
        assert "finalizers" not in new["metadata"]
        assert {field["manager"] for field in new["metadata"]["managedFields"]} == {"kubectl", LEASE}
    assert one.page("/healthz") == (200, "[+] watches\n[+] store\n")
    assert one.page("/readyz") == (200, "[+] crds\n[+] store\n")
    assert one.messages("error") == []
    assert one.messages("warning") == []


def test_the_end_of_a_pass_is_told_and_taken_back(reconcilers: Reconcilers, objects: Objects) -> None:
    objects.apply(*(queue(name, annotations={ANNOTATION: name}) for name in ("stall", "crash", "fail")))
    one = reconcilers.start()
    message = "spec.example cannot be followed"
    stalled = [f"Ready=False InvalidSpec: {message}", f"Stalled=True InvalidSpec: {message}"]
    wait_for(reconcilers, one, objects, "queue", "stall", stalled)
    crashed = ["Reconciling=True InternalError: obey failed with KeyError"]
    wait_for(reconcilers, one, objects, "queue", "crash", crashed)
    wait_for(reconcilers, one, objects, "queue", "fail", ["Reconciling=True Retrying: The weather does not answer"])
    errors = 'headgate_reconcile_errors_total{kind="Queue",reason="InternalError"}'
    assert (one.metric(errors) or 0) >= 3, "it is shown after three failures in a row"

    for name in ("stall", "crash", "fail"):
        objects.annotate("queue", name, "")
        wait_for(reconcilers, one, objects, "queue", name, READY)
    objects.delete("queue", "stall")
    objects.apply(queue("stall"))
    wait_for(reconcilers, one, objects, "queue", "stall", READY)


def test_when_the_leader_is_killed_another_takes_over(reconcilers: Reconcilers, objects: Objects) -> None:
    first = reconcilers.start(*QUICK)
    reconcilers.until_leading(first)
    second = reconcilers.start(*QUICK)
    reconcilers.until(second, "the standby is ready", lambda: None if second.page("/readyz")[0] == 200 else "not ready")
    assert not second.leads()
    objects.apply(queue("q"))
    wait_for(reconcilers, second, objects, "queue", "q", READY)
    assert first.metric('headgate_status_writes_total{kind="Queue"}') == 1
    assert second.metric('headgate_status_writes_total{kind="Queue"}') is None

    first.stop(signal.SIGKILL)
    # The lease lasts 4 s; the rest is for a machine that has other things to do.
    reconcilers.until_leading(second, 4 + 10)
    objects.apply(queue("r"))
    wait_for(reconcilers, second, objects, "queue", "r", READY)
    assert objects.get("lease", LEASE)["spec"]["leaseTransitions"] == 1
    assert second.metric('headgate_status_writes_total{kind="Queue"}') == 1, "q needed nothing"


def test_sigterm_lets_passes_end_and_releases_the_lease(reconcilers: Reconcilers, objects: Objects) -> None:
    objects.apply(queue("q", annotations={ANNOTATION: "sleep 2"}))
    one = reconcilers.start()
    working = "headgate_workqueue_in_progress"
    reconcilers.until(one, "a pass is under way", lambda: None if one.metric(working) == 1 else "idle")
    code, _ = one.stop(signal.SIGTERM)
    assert code == 0, one.log.read_text()
    assert not [warning for warning in one.messages("warning") if "cut off" in warning]
    assert objects.conditions("queue", "q") == READY, "the pass that was under way was finished"
    assert objects.get("lease", LEASE)["spec"]["holderIdentity"] in ("", None)
    second = reconcilers.start()
    reconcilers.until_leading(second)
    assert second.stop(signal.SIGTERM)[0] == 0


def test_sigterm_ends_a_pass_that_does_not_end(reconcilers: Reconcilers, objects: Objects) -> None:
    objects.apply(queue("q", annotations={ANNOTATION: "sleep 50"}))
    one = reconcilers.start("--shutdown-grace", "0.5")
    working = "headgate_workqueue_in_progress"
    reconcilers.until(one, "a pass is under way", lambda: None if one.metric(working) == 1 else "idle")
    code, _ = one.stop(signal.SIGTERM)
    assert code == 0
    assert "a pass did not end within 0.5 s and is cut off" in one.messages("warning")


def test_a_leader_that_loses_the_lease_exits_at_once(reconcilers: Reconcilers, objects: Objects) -> None:
    one = reconcilers.start(*QUICK)
    reconcilers.until_leading(one)
    objects.patch("lease", LEASE, {"spec": {"holderIdentity": "thief"}})
    assert one.process.wait(10) == 1
    assert "thief holds the lease" in "".join(one.messages("error"))


def test_a_missing_kubeconfig_is_told(reconcilers: Reconcilers) -> None:
    with pytest.raises(AssertionError, match="ended with 2"):
        reconcilers.start(kubeconfig=reconcilers.folder / "absent")
    assert "no kubeconfig" in "".join(reconcilers.started[0].messages("error"))
