"""The audit against a real API server: what `kubectl get` and `describe` say about everything stored."""

from __future__ import annotations

import pytest

from tests.reconciler.builders import policy, pool, queue
from tests.reconciler.objects import Objects
from tests.reconciler.reconcilers import Reconcilers

pytestmark = pytest.mark.control_plane

POLICY = "policies.work.headgate.dev"


def test_what_is_stored_is_audited_and_nothing_is_written_twice(reconcilers: Reconcilers, objects: Objects) -> None:
    strict, large, small = policy("limits"), pool("large", "q"), pool("small", "q")
    strict["spec"] = {"action": "Warn", "limits": {"maxReplicasPerPool": 5}}
    small["spec"]["scaling"] = {"maxReplicas": 3}
    objects.apply(queue("q"), strict, large, small)
    reconcilers.program = "tests.reconciler.phases.whole"
    one = reconcilers.start("--local-brokers", "true", "--poll", "0.3")

    def status(name: str = "limits") -> str:
        return str(objects.get(POLICY, name).get("status"))

    def counted(violations: int) -> None:
        want = f"'violations': {violations}"
        reconcilers.until(one, f"{violations} violations", lambda: None if want in status() else status())

    def compliant(name: str) -> str:
        said = objects.conditions("workerpool", name)
        return next((condition for condition in said if condition.startswith("PolicyCompliant")), str(said))

    counted(1)
    words = "PolicyCompliant=False Violated: spec.scaling.maxReplicas: Invalid value: 10: at most 5"
    reconcilers.until(one, "the pool says so", lambda: None if words in compliant("large") else compliant("large"))
    fine = "PolicyCompliant=True Compliant: Breaks no policy"
    reconcilers.until(one, "the other is fine", lambda: None if compliant("small") == fine else compliant("small"))
    written = one.metric('headgate_status_writes_total{kind="Policy"}') or 0

    objects.patch("workerpool", "large", {"spec": {"scaling": {"maxReplicas": 4}}})
    counted(0)
    assert "'wouldRefuse': 0" in status()
    assert (one.metric('headgate_status_writes_total{kind="Policy"}') or 0) <= written + 1
    assert (
        one.metric(f'headgate_policy_violations{{action="Warn",namespace="{objects.namespace}",policy="limits"}}') == 0
    )
