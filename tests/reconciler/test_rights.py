"""The rights that the chart gives are enough, and the process says so by having nothing to complain about."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.reconciler.account import make_account
from tests.reconciler.builders import policy, pool, queue
from tests.reconciler.objects import IN_FORCE, READY, Objects, wait_for
from tests.reconciler.reconcilers import Reconcilers


def test_the_charts_role_is_enough(
    kinds: Cluster, namespace: str, reconcilers: Reconcilers, objects: Objects, tmp_path: Path
) -> None:
    objects.apply(queue("q"), pool("p"), policy("limits"))
    one = reconcilers.start(kubeconfig=make_account(kinds, namespace, tmp_path))
    for resource, name in (("queue", "q"), ("workerpool", "p")):
        wait_for(reconcilers, one, objects, resource, name, READY)
    wait_for(reconcilers, one, objects, "policies.work.headgate.dev", "limits", IN_FORCE)
    assert one.messages("warning") + one.messages("error") == []
