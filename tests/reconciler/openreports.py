"""The kind Report of openreports.io, as far as ours are concerned, and closed: what it does not know is refused."""

from __future__ import annotations

import json
from typing import Any

from kube.resources import REPORTS
from tests.cluster.cluster import Cluster
from tests.kinds import until_established


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _one_of(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
RESULT = _object(
    policy=TEXT,
    rule=TEXT,
    result=_one_of("pass", "fail", "warn", "error", "skip"),
    severity=_one_of("critical", "high", "low", "medium", "info"),
    scored={"type": "boolean"},
    message=TEXT,
    properties={"type": "object", "additionalProperties": TEXT},
    resources=_list(_object(apiVersion=TEXT, kind=TEXT, namespace=TEXT, name=TEXT, uid=TEXT)),
)
SCHEMA = _object(
    source=TEXT,
    configuration=_object(limits=_object(maxResults=NUMBER)),
    summary=_object(**dict.fromkeys(("pass", "fail", "warn", "error", "skip"), NUMBER)),
    results=_list({**RESULT, "required": ["policy"]}),
)
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": str(REPORTS)},
    "spec": {
        "group": REPORTS.group,
        "names": {"kind": REPORTS.kind, "listKind": "ReportList", "plural": REPORTS.plural, "singular": "report"},
        "scope": "Namespaced",
        "versions": [{"name": REPORTS.version, "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}],
    },
}


def serve(cluster: Cluster) -> None:
    """Have the API server know the kind."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(CRD))
    until_established(cluster, f"crd/{REPORTS}")
