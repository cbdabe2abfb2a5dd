"""What the children of a pool are made from, and the names and labels they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crds import meta
from policies.effective import Effective

WORKER: Final = "worker"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
VERSION: Final = "app.kubernetes.io/version"

# What says who made or manages an object is about that object alone. An inherited Argo CD instance label, for one,
# makes Argo CD prune our children.
_NOT_INHERITED: Final = ("app.kubernetes.io/instance", MANAGED_BY, VERSION, "helm.sh/chart", "pod-template-hash")
_NOT_INHERITED_DOMAINS: Final = (meta.DOMAIN, "argocd.argoproj.io", "fluxcd.io")


@dataclass(frozen=True, slots=True)
class Source:
    """One queue of the pool: its Queue's name and spec, its effective values, and what the pool says of it."""

    name: str
    spec: Mapping[str, Any]
    effective: Effective
    entry: Mapping[str, Any]

    @property
    def queue_name(self) -> str:
        """The queue's name at the broker."""
        return str(self.spec.get("queueName") or self.name)

    @property
    def secret(self) -> str:
        """The Secret with the broker's credentials; empty without one."""
        return str((self.spec["broker"].get("connectionSecretRef") or {}).get("name", ""))


@dataclass(frozen=True, slots=True)
class Blueprint:
    """`sources` are in the pool's order, strictest first."""

    pool: Mapping[str, Any]
    effective: Effective
    sources: Sequence[Source]

    @property
    def name(self) -> str:
        return str(self.pool["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.pool["metadata"]["namespace"])

    @property
    def uid(self) -> str:
        return str(self.pool["metadata"]["uid"])

    @property
    def spec(self) -> Mapping[str, Any]:
        spec: Mapping[str, Any] = self.pool["spec"]
        return spec

    def metadata(self, name: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The metadata of a child."""
        return {"name": name, "namespace": self.namespace, "labels": {**self.labels(), **(labels or {})}}

    def labels(self) -> dict[str, str]:
        return {**inherited(self.pool["metadata"].get("labels") or {}), **pool_labels(self.name, self.uid)}


def pool_labels(name: str, uid: str) -> dict[str, str]:
    return {MANAGED_BY: "headgate", meta.LABEL_POOL: name, meta.LABEL_POOL_UID: uid}


def inherited(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of a pool that its children carry too, such as a team or a cost centre."""
    return {key: value for key, value in labels.items() if not _is_private(key)}


def _is_private(key: str) -> bool:
    domain = key.partition("/")[0] if "/" in key else ""
    return key in _NOT_INHERITED or any(domain == own or domain.endswith(f".{own}") for own in _NOT_INHERITED_DOMAINS)


def config_name(pool: str) -> str:
    return f"{pool}-headgate"


def child_name(pool: str, revision: str) -> str:
    return f"{pool}-{revision}"
