"""The agent's container as a real API server takes it: under the restricted profile, and without a token."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.children import agent
from tests.cluster.cluster import Cluster
from tests.cluster.waiting import until
from tests.reconciler.children.objects import make_pool
from tests.reconciler.children.test_agent import accompanied, agent_of

pytestmark = pytest.mark.control_plane

RESTRICTED: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def test_the_restricted_profile_takes_it_and_no_token_is_mounted(control_plane: Cluster, namespace: str) -> None:
    enforced = "pod-security.kubernetes.io/enforce=restricted"
    control_plane.kubectl(
        "label", "namespace", namespace, enforced, "pod-security.kubernetes.io/enforce-version=latest"
    )
    worker = {"name": "worker", "image": "a:1", "securityContext": RESTRICTED}
    spec = accompanied(make_pool(template={"spec": {"containers": [worker]}}))["spec"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w", "namespace": namespace}, "spec": spec}

    def account() -> str | None:
        return None if "default" in control_plane.kubectl("-n", namespace, "get", "sa", "-o", "name") else "no account"

    until("the account is there", account, 30)
    made = json.loads(control_plane.kubectl("create", "--dry-run=server", "-o", "json", "-f-", stdin=json.dumps(pod)))
    mounts = {mount["mountPath"]: mount["name"] for mount in agent_of(made)["volumeMounts"]}
    assert mounts[agent.TOKEN_FOLDER] == agent.NO_TOKEN_VOLUME
    (worker,) = made["spec"]["containers"]
    assert agent.TOKEN_FOLDER in {mount["mountPath"] for mount in worker["volumeMounts"]}, "the worker's own is left"
