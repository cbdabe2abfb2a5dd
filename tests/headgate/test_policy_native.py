"""`headgate policy native`: rules in CEL as the API server's own policies, on a real API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from headgate.cli import main
from tests.cluster.cluster import Cluster
from tests.cluster.waiting import until
from tests.differential.verdicts import located
from tests.policies.objects import cluster_policy, policy, pool, queue
from tests.webhooks.kubectl import apply, kubectl

EVEN = {
    "name": "even",
    "kinds": ["WorkerPool"],
    "expression": "object.spec.scaling.maxReplicas % 2 == 0",
    "messageExpression": "'no \"odd\" ' + string(object.spec.scaling.maxReplicas)",
    "fieldPath": "spec.scaling.maxReplicas",
}
KEPT = {"name": "kept", "expression": "object.metadata.name != 'x'", "message": "x is taken", "action": "Warn"}


def native(path: Path, *policies: dict[str, Any]) -> Result:
    (path / "policies.yaml").write_text("\n---\n".join(json.dumps(one) for one in policies))
    return CliRunner().invoke(main, ["policy", "native", "-f", str(path / "policies.yaml")])


def test_each_action_is_a_policy_with_its_binding(tmp_path: Path) -> None:
    made = native(tmp_path, policy(rules=[EVEN, KEPT], match={"names": ["thumb*"]}))
    assert made.exit_code == 0, made.stderr
    deny, deny_binding, _, warn_binding = yaml.safe_load_all(made.stdout)
    assert deny["metadata"]["name"] == deny_binding["spec"]["policyName"] == "media.limits.deny.rules.headgate.dev"
    assert (deny_binding["spec"]["validationActions"], warn_binding["spec"]["validationActions"]) == (
        ["Deny"],
        ["Warn"],
    )
    assert deny_binding["spec"]["matchResources"] == {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "media"}}
    }
    assert deny["spec"]["matchConditions"][1]["expression"] == 'request.name.matches("^(thumb.*)$")'


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        pytest.param(
            {"rules": [{**KEPT, "expression": "effective.concurrency < 9"}]},
            "Policy media/limits: rule kept: it asks for effective, which Kubernetes' CEL has not",
            id="inherited values",
        ),
        pytest.param(
            {"rules": [{**KEPT, "expression": "queues.all(q, q.name != '')"}]},
            "Policy media/limits: rule kept: it asks for queues, which Kubernetes' CEL has not",
            id="other objects",
        ),
        pytest.param(
            {"rules": [KEPT], "exemptions": [{"name": "legacy", "rules": ["*"]}]},
            "Policy media/limits: rule kept: exemption legacy from it ends, and Kubernetes' CEL has no clock",
            id="an exemption",
        ),
    ],
)
def test_what_cannot_be_said_is_left_out_with_the_reason(tmp_path: Path, spec: dict[str, Any], want: str) -> None:
    made = native(tmp_path, policy(**spec))
    assert (made.exit_code, made.stdout, made.stderr) == (1, "", f"{want}\n")


def test_a_field_of_the_object_may_be_called_like_a_variable(tmp_path: Path) -> None:
    made = native(tmp_path, policy(rules=[{**KEPT, "expression": "object.spec.queues.size() < 9"}]))
    assert (made.exit_code, made.stderr) == (0, "")


@pytest.mark.control_plane
def test_the_api_server_keeps_them(kinds: Cluster, namespace: str, tmp_path: Path) -> None:
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    made = native(tmp_path, cluster_policy(f"rules-{namespace}", rules=[EVEN], match={"namespaceSelector": selector}))
    kinds.kubectl("apply", "-f", "-", stdin=made.stdout)
    try:
        odd = located(pool(scaling={"maxReplicas": 7}), namespace)
        seen: list[str] = []

        def let_through() -> str | None:
            seen.append(apply(kinds, odd, flags=("--dry-run=server",)).err)
            return None if seen[-1] else "let through"

        until("the rule is in force", let_through, 30)
        want = f'spec.scaling.maxReplicas: no "odd" 7 (ClusterPolicy rules-{namespace}, rules.even)'
        assert want in seen[-1]
        assert apply(kinds, located(pool(scaling={"maxReplicas": 8}), namespace)).code == 0
        assert apply(kinds, located(queue(), namespace)).code == 0, "a rule about pools asks no queue"
    finally:
        kubectl(kinds, "delete", "-f", "-", stdin=made.stdout)
