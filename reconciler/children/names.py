"""How the children of a pool are called and labelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from crds import meta

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
VERSION: Final = "app.kubernetes.io/version"
APPLIED: Final = f"{meta.DOMAIN}/applied"
"""On a Deployment: a digest of the configuration and budget that were applied for its pool last."""
QUEUES: Final = f"{meta.DOMAIN}/queues"
"""On a child: where the queues are that its workers take jobs from."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The pool as its children name it."""

    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, pool: Mapping[str, Any]) -> Owner:
        metadata = pool["metadata"]
        return cls(metadata["namespace"], metadata["name"], metadata["uid"])

    @property
    def labels(self) -> dict[str, str]:
        return {MANAGED_BY: "headgate", meta.LABEL_POOL: self.name, meta.LABEL_POOL_UID: self.uid}

    @property
    def selector(self) -> str:
        """The label selector of everything that belongs to this very pool, as text."""
        return f"{meta.LABEL_POOL_UID}={self.uid}"

    def metadata(self, name: str, **labels: str) -> dict[str, Any]:
        return {"namespace": self.namespace, "name": name, "labels": {**self.labels, **labels}}

    def child(self, name: str, revision: str, shape: str) -> dict[str, Any]:
        """The metadata of what runs a revision."""
        labelled = self.metadata(name, **{meta.LABEL_REVISION: revision})
        return {**labelled, "annotations": {meta.ANNOTATION_SHAPE: shape}}

    @property
    def config_map(self) -> str:
        return f"{self.name}-headgate"

    @property
    def disruption_budget(self) -> str:
        return self.name

    @property
    def stateful_set(self) -> str:
        return self.name

    def deployment(self, revision: str) -> str:
        return f"{self.name}-{revision}"
