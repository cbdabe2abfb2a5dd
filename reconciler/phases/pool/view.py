"""The pool's children and pods as they are, from the store or read anew. Pure but for its two readers' requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crds import meta
from reconciler.phases.pool.pods import asked_of, pod_of
from reconciler.plans.child import Pod
from reconciler.workers import Asked, WorkerState

Object = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """`children` are its Deployments, one for each revision, or its one StatefulSet, whose label is the revision of its
    template. `workers` is what each pod's worker is known to do, by the pod's uid.
    """

    children: Sequence[Object] = ()
    pods: Sequence[Object] = ()
    workers: Mapping[str, WorkerState] = field(default_factory=dict)

    def child(self, revision: str) -> Object | None:
        return next((one for one in self.children if revision_label(one) == revision), None)

    def pods_of(self, revision: str) -> Sequence[Pod]:
        return self._by_revision.get(revision, ())

    @cached_property
    def all_pods(self) -> Sequence[Pod]:
        return [pod_of(pod, self.workers) for pod in self.pods]

    @cached_property
    def _by_revision(self) -> Mapping[str, Sequence[Pod]]:
        found: dict[str, list[Pod]] = {}
        for obj, pod in zip(self.pods, self.all_pods, strict=True):
            found.setdefault(revision_label(obj), []).append(pod)
        return found

    @property
    def asked(self) -> list[Asked]:
        return [asked_of(pod) for pod in self.pods]

    @property
    def revisions(self) -> list[str]:
        """Every revision that has a child or a pod."""
        return list(dict.fromkeys(revision_label(one) for one in (*self.children, *self.pods)))


def revision_label(obj: Object) -> str:
    return str((obj["metadata"].get("labels") or {}).get(meta.LABEL_REVISION, ""))
