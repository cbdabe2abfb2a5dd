"""The objects of a test's namespace, written through kubectl, and waiting for what becomes of them."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.cluster.cluster import Cluster
from tests.reconciler.builders import applied
from tests.reconciler.program import ANNOTATION
from tests.reconciler.reading import Reader
from tests.reconciler.reconcilers import Reconciler, Reconcilers

READY: Final = ["Ready=True Reconciled: As its spec says"]
IN_FORCE: Final = ["Ready=True InForce: In force"]


class Objects:
    """What a user does."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._reader = Reader(cluster.kubeconfig, namespace)

    @property
    def namespace(self) -> str:
        return self._namespace

    def apply(self, *objects: dict[str, Any]) -> None:
        body = {"apiVersion": "v1", "kind": "List", "items": [applied(obj, self._namespace) for obj in objects]}
        self._kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(body))

    def get(self, resource: str, name: str) -> dict[str, Any]:
        return self._reader.get(resource, name)

    def all(self, resource: str, selector: str = "") -> list[dict[str, Any]]:
        return self._reader.list(resource, selector)

    def delete(self, resource: str, name: str) -> None:
        self._kubectl("delete", resource, name, "--wait=true", "--timeout=20s")

    def annotate(self, resource: str, name: str, value: str) -> None:
        self._kubectl("annotate", resource, name, f"{ANNOTATION}={value}", "--overwrite")

    def patch(self, resource: str, name: str, patch: dict[str, Any]) -> None:
        self._kubectl("patch", resource, name, "--type=merge", "-p", json.dumps(patch))

    def conditions(self, resource: str, name: str) -> list[str]:
        found = self.get(resource, name).get("status", {}).get("conditions", [])
        return [f"{one['type']}={one['status']} {one['reason']}: {one['message']}" for one in found]

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self._cluster.kubectl("-n", self._namespace, *arguments, stdin=stdin)


def wait_for(
    reconcilers: Reconcilers, one: Reconciler, objects: Objects, resource: str, name: str, want: list[str]
) -> None:
    def probe() -> str | None:
        seen = objects.conditions(resource, name)
        return None if seen == want else str(seen)

    reconcilers.until(one, f"{resource} {name} has {want}", probe)
