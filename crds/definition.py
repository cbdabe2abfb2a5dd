"""The CustomResourceDefinition of one kind: its names, what `kubectl get` prints, its subresources, its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crds import meta, openapi
from crds.schema import structural

_READY: Final = '.status.conditions[?(@.type=="Ready")].reason'
_AGE: Final = ".metadata.creationTimestamp"

# Name, type, path; columns after WIDE are shown by `-o wide` only.
WIDE: Final = ("", "", "")
_POLICY_COLUMNS: Final = (
    ("Action", "string", ".spec.action"),
    ("Violations", "integer", ".status.violations"),
    ("State", "string", _READY),
    ("Age", "date", _AGE),
    WIDE,
    ("Exempted", "integer", ".status.exempted"),
    ("Exemptions", "integer", ".status.activeExemptions"),
)
COLUMNS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "Queue": (
        ("Waiting", "integer", ".status.waiting"),
        ("Running", "integer", ".status.running"),
        ("Oldest", "date", ".status.oldestJobTime"),
        ("P95", "string", ".status.waitP95"),
        ("Dead", "integer", ".status.deadLetters"),
        ("State", "string", _READY),
        ("Age", "date", _AGE),
        WIDE,
        ("Queue", "string", ".status.queueName"),
        ("Scheduled", "integer", ".status.scheduled"),
        ("Paused", "boolean", ".spec.paused"),
    ),
    "WorkerPool": (
        ("Want", "integer", ".status.desiredReplicas"),
        ("Ready", "integer", ".status.readyReplicas"),
        ("Busy", "integer", ".status.busyReplicas"),
        ("Why", "string", ".status.summary"),
        ("Age", "date", _AGE),
        WIDE,
        ("State", "string", _READY),
        ("Min", "integer", ".spec.scaling.minReplicas"),
        ("Max", "integer", ".spec.scaling.maxReplicas"),
        ("Held", "integer", ".spec.hold.replicas"),
        ("Draining", "integer", ".status.drainingReplicas"),
        ("Drain", "string", ".status.drainMethod"),
    ),
    "Policy": _POLICY_COLUMNS,
    "ClusterPolicy": _POLICY_COLUMNS,
}
BETA_COLUMNS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "Queue": (
        ("Priority", "string", ".spec.priority"),
        ("Rate", "number", ".spec.rateLimit.requestsPerSecond"),
        ("State", "string", _READY),
        ("Age", "date", _AGE),
    ),
    "WorkerPool": (
        ("Queue", "string", ".spec.queueSelector.queue"),
        ("Want", "integer", ".status.desiredReplicas"),
        ("Ready", "integer", ".status.readyReplicas"),
        ("State", "string", _READY),
        ("Age", "date", _AGE),
    ),
    "Policy": (("State", "string", _READY), ("Age", "date", _AGE)),
}
# `kubectl scale` writes a hold: autoscaling stays off until somebody lifts it.
SCALE: Final = {
    "specReplicasPath": ".spec.hold.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}


def definition(kind: meta.Kind) -> dict[str, Any]:
    """The whole manifest, as `kubectl apply -f` takes it."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{meta.GROUP}"},
        "spec": {
            "group": meta.GROUP,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.singular,
                "shortNames": [kind.short_name],
                "categories": ["headgate"],
            },
            "versions": [_version(kind), *([_beta(kind)] if kind in meta.BETA_KINDS else [])],
        },
    }


def served_by(crd: Mapping[str, Any], client: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with every version served, converted at `client`, a `clientConfig` of apiextensions.k8s.io/v1."""
    spec = crd["spec"]
    versions = [version | {"served": True} for version in spec["versions"]]
    if len(versions) == 1:
        return {**crd}
    webhook = {"clientConfig": dict(client), "conversionReviewVersions": ["v1"]}
    return {**crd, "spec": {**spec, "conversion": {"strategy": "Webhook", "webhook": webhook}, "versions": versions}}


def _version(kind: meta.Kind) -> dict[str, Any]:
    subresources: dict[str, Any] = {"status": {}}
    if kind is meta.WORKER_POOL:
        subresources["scale"] = SCALE
    return {
        "name": meta.VERSION,
        "served": True,
        "storage": True,
        "subresources": subresources,
        "additionalPrinterColumns": _columns(COLUMNS[kind.kind]),
        "schema": {"openAPIV3Schema": openapi.rendered(structural(kind.kind))},
    }


def _beta(kind: meta.Kind) -> dict[str, Any]:
    """Not served before there is a converter (`served_by` says where): without one objects would come out mangled.

    v1beta1 has no scale: what it would set, replicas, is nothing v1 would follow.
    """
    return {
        "name": meta.BETA,
        "served": False,
        "storage": False,
        "deprecated": True,
        "deprecationWarning": f"{meta.BETA_API_VERSION} {kind.kind} is deprecated; use {meta.API_VERSION} {kind.kind}",
        "subresources": {"status": {}},
        "additionalPrinterColumns": _columns(BETA_COLUMNS[kind.kind]),
        "schema": {"openAPIV3Schema": openapi.rendered(structural(kind.kind, meta.BETA))},
    }


def _columns(columns: tuple[tuple[str, str, str], ...]) -> list[dict[str, Any]]:
    columns = columns if WIDE in columns else (*columns, WIDE)
    wide = columns.index(WIDE)
    printed = [
        {"name": name, "type": kind, "jsonPath": path} | ({"priority": 1} if index > wide else {})
        for index, (name, kind, path) in enumerate(columns)
    ]
    del printed[wide]
    return printed
