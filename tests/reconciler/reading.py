"""Objects of a real API server, read without kubectl: who waits looks all the time, and each look by kubectl takes a
tenth of a second of the processor from what is waited for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from crds import meta
from tests.crds.apiserver import ApiServer

_OURS: Final = {
    name: f"/apis/{meta.API_VERSION}/{{}}{kind.plural}"
    for kind in meta.KINDS
    for name in (kind.singular, kind.plural, f"{kind.plural}.{meta.GROUP}", kind.short_name)
}
_CORE: Final = {
    "cm": "configmaps",
    "events": "events",
    "pvc": "persistentvolumeclaims",
    "pod": "pods",
    "pods": "pods",
}
_PATHS: Final = {
    **_OURS,
    **{name: f"/api/v1/{{}}{plural}" for name, plural in _CORE.items()},
    **dict.fromkeys(("deployment", "deployments"), "/apis/apps/v1/{}deployments"),
    **dict.fromkeys(("statefulset", "statefulsets"), "/apis/apps/v1/{}statefulsets"),
    "lease": "/apis/coordination.k8s.io/v1/{}leases",
    "pdb": "/apis/policy/v1/{}poddisruptionbudgets",
}
"""Where what kubectl calls so is served; the place of the namespace is open."""


class Reader:
    """Reads in one namespace, or what has none. Each look has its own connection, so nobody has to close anything."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._server, self._namespace = ApiServer(kubeconfig), namespace

    def get(self, resource: str, name: str) -> dict[str, Any]:
        return self._read(f"{self._path(resource)}/{name}")

    def list(self, resource: str, selector: str = "") -> list[dict[str, Any]]:
        found = self._read(f"{self._path(resource)}?labelSelector={quote(selector)}")
        kind = {"apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")}
        return [{**kind, **item} for item in found["items"]]

    def _path(self, resource: str) -> str:
        within = "" if resource == meta.CLUSTER_POLICY.singular else f"namespaces/{self._namespace}/"
        return _PATHS[resource].format(within)

    def _read(self, path: str) -> dict[str, Any]:
        try:
            answer = self._server.ask("GET", path)
        finally:
            self._server.close()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {answer.body.get('message')}")
        return answer.body
