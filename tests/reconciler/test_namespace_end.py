"""A namespace that is deleted with an install in it: nothing of ours keeps it, though the rights to let go go too."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from reconciler.phases.ending import LOOK_SECONDS
from tests.cluster import waiting
from tests.cluster.cluster import Cluster
from tests.reconciler.account import make_account
from tests.reconciler.builders import pool, queue
from tests.reconciler.objects import Objects
from tests.reconciler.reconcilers import Reconciler, Reconcilers

PAIRS = 10


def held(cluster: Cluster, namespace: str) -> int:
    """How many objects have our finalizer."""
    path = "{range .items[*]}{.metadata.finalizers}{end}"
    return cluster.kubectl("-n", namespace, "get", "hq,wp", "-o", f"jsonpath={path}").count("headgate.dev/drain")


def install(cluster: Cluster, namespace: str, reconcilers: Reconcilers, objects: Objects, folder: Path) -> Reconciler:
    """A reconciler with the chart's rights, and as many queues that block as pools, each with its finalizer."""
    reconcilers.program = "tests.reconciler.phases.whole"
    reconcilers.kubeconfig = make_account(cluster, namespace, folder)
    queues = [queue(f"q{number}") for number in range(PAIRS)]
    for made in queues:
        made["spec"] |= {"deletionPolicy": "Drain", "drainTimeout": "1h"}
    pools = [pool(f"w{number}", f"q{number}") for number in range(PAIRS)]
    for made in pools:
        made["spec"]["scaling"] = {"minReplicas": 0, "maxReplicas": 1}
    objects.apply(*queues, *pools)
    one = reconcilers.start()

    def all_held() -> str | None:
        seen = held(cluster, namespace)
        return None if seen == 2 * PAIRS else f"{seen} of {2 * PAIRS}"

    reconcilers.until(one, "every finalizer stands", all_held, 60)
    return one


def until_gone(cluster: Cluster, namespace: str, seconds: float = 60) -> None:
    def gone() -> str | None:
        found = cluster.kubectl("get", "namespace", namespace, "--ignore-not-found", "-o", "jsonpath={.status}")
        return found or None

    waiting.until("the namespace is gone", gone, seconds)


def test_kubernetes_waits_longer_before_it_takes_rights_away_than_the_reconciler_does_to_look(
    kinds: Cluster, namespace: str
) -> None:
    """What `reconciler.phases.ending` rests on. There is no order in what is taken: here it is one Role."""
    kinds.kubectl("-n", namespace, "create", "role", "r", "--verb=get", "--resource=pods")
    kinds.kubectl("delete", "namespace", namespace, "--wait=false")
    began = time.monotonic()

    def gone() -> str | None:
        return kinds.kubectl("-n", namespace, "get", "role", "r", "--ignore-not-found", "-o", "name") or None

    waiting.until("the Role is taken", gone, 60)
    assert time.monotonic() - began > 3 * LOOK_SECONDS
    until_gone(kinds, namespace)
    kinds.kubectl("create", "namespace", namespace)


def test_a_deleted_namespace_takes_everything_along(
    kinds: Cluster, namespace: str, reconcilers: Reconcilers, objects: Objects, tmp_path: Path
) -> None:
    install(kinds, namespace, reconcilers, objects, tmp_path)
    kinds.kubectl("delete", "namespace", namespace, "--wait=false")
    until_gone(kinds, namespace)
    kinds.kubectl("create", "namespace", namespace)


def test_a_reconciler_that_is_told_to_stop_lets_go_when_its_namespace_ends(
    kinds: Cluster, namespace: str, reconcilers: Reconcilers, objects: Objects, tmp_path: Path
) -> None:
    one = install(kinds, namespace, reconcilers, objects, tmp_path)
    # Something that is not ours keeps the namespace, so that its end can be looked at.
    kinds.kubectl("-n", namespace, "patch", "hq/q0", "--type=json", "-p", FINALIZER)
    kinds.kubectl("delete", "namespace", namespace, "--wait=false")
    assert one.stop(signal.SIGTERM)[0] == 0
    assert held(kinds, namespace) == 0
    kinds.kubectl("-n", namespace, "patch", "hq/q0", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


def test_a_reconciler_that_is_told_to_stop_otherwise_keeps_what_it_holds(
    kinds: Cluster, namespace: str, reconcilers: Reconcilers, objects: Objects, tmp_path: Path
) -> None:
    one = install(kinds, namespace, reconcilers, objects, tmp_path)
    assert one.stop(signal.SIGTERM)[0] == 0
    assert held(kinds, namespace) == 2 * PAIRS


FINALIZER = '[{"op":"add","path":"/metadata/finalizers/-","value":"example.com/keep"}]'
