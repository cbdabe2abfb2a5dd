"""The reconciler's account with exactly the rights that the chart gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.cluster import Cluster

RBAC = Path(__file__).parents[2] / "chart" / "headgate" / "rbac"
RULES = [
    rule for name in ("reconciler", "reconciler-own") for rule in yaml.safe_load((RBAC / f"{name}.yaml").read_text())
]
ACCOUNT = "headgate-reconciler"


def role(namespace: str) -> list[dict[str, Any]]:
    """The account with exactly the chart's rules."""
    metadata = {"name": ACCOUNT, "namespace": namespace}
    group = "rbac.authorization.k8s.io"
    rules = [{key: value for key, value in rule.items() if key not in ("why", "when")} for rule in RULES]
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}
    reference = {"apiGroup": group, "kind": "Role", "name": ACCOUNT}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "subjects": [subject],
            "roleRef": reference,
        },
    ]


def as_account(cluster: Cluster, namespace: str, folder: Path, account: str = ACCOUNT) -> Path:
    """A kubeconfig of the account."""
    given = yaml.safe_load(cluster.kubeconfig.read_text())
    token = cluster.kubectl("-n", namespace, "create", "token", account).strip()
    for entry in given["users"]:
        entry["user"] = {"token": token}
    path = folder / "kubeconfig-of-the-account"
    path.write_text(yaml.safe_dump(given))
    path.chmod(0o600)
    return path


def make_account(cluster: Cluster, namespace: str, folder: Path) -> Path:
    """Makes the account with its role; returns a kubeconfig of it."""
    body = {"apiVersion": "v1", "kind": "List", "items": role(namespace)}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(body))
    return as_account(cluster, namespace, folder)
