"""What `kubectl get` prints."""

from __future__ import annotations

import re

import pytest

from crds import meta
from tests.cluster.cluster import Cluster
from tests.crds.apiserver import ApiServer, collection
from tests.crds.objects import Object, cluster_policy, pool, queue

pytestmark = pytest.mark.control_plane

READY = {"type": "Ready", "status": "True", "message": "", "lastTransitionTime": "2026-11-23T00:00:00Z"}


@pytest.mark.parametrize(
    ("obj", "status", "resource", "want_header", "want_row"),
    [
        (
            queue("orders"),
            {"waiting": 311, "running": 44, "waitP95": "6s", "deadLetters": 2, "oldestJobTime": "2000-01-01T00:00:00Z"},
            "hq",
            ["NAME", "WAITING", "RUNNING", "OLDEST", "P95", "DEAD", "STATE", "AGE"],
            r"orders +311 +44 +[0-9]+y +6s +2 +Readable +[0-9]+s",
        ),
        (
            pool("emails"),
            {"desiredReplicas": 1, "readyReplicas": 1, "busyReplicas": 1, "summary": "1 serves the limit"},
            "wp",
            ["NAME", "WANT", "READY", "BUSY", "WHY", "AGE"],
            r"emails +1 +1 +1 +1 serves the limit +[0-9]+s",
        ),
        (
            cluster_policy("columns-guardrails"),
            {"violations": 3},
            "chpol",
            ["NAME", "ACTION", "VIOLATIONS", "STATE", "AGE"],
            r"columns-guardrails +Deny +3 +Readable +[0-9]+s",
        ),
    ],
    ids=["a Queue", "a WorkerPool", "a ClusterPolicy"],
)
def test_kubectl_get(
    obj: Object,
    status: Object,
    resource: str,
    want_header: list[str],
    want_row: str,
    server: ApiServer,
    control_plane: Cluster,
    namespace: str,
) -> None:
    path = collection(str(obj["kind"]), namespace)
    created = server.create(obj, namespace, dry_run=False)
    assert created.status == 201, created.body
    body = created.body | {"status": status | {"conditions": [READY | {"reason": "Readable"}]}}
    written = server.ask("PUT", f"{path}/{obj['metadata']['name']}/status", body)
    assert written.status == 200, written.body

    try:
        printed = control_plane.kubectl("-n", namespace, "get", resource, str(obj["metadata"]["name"]))
        listed = control_plane.kubectl("-n", namespace, "get", "headgate", "-o", "name")
    finally:
        server.ask("DELETE", f"{path}/{obj['metadata']['name']}")

    header, row = printed.splitlines()
    assert header.split() == want_header
    assert re.fullmatch(want_row, row.rstrip()), row
    assert f".{meta.GROUP}/{obj['metadata']['name']}" in listed
