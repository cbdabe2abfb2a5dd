"""What a manifest has become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import crds
from crds import meta

Object = dict[str, Any]

# What the API server writes, which is of no use in a manifest.
_SERVERS = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "ownerReferences")


@dataclass(frozen=True, slots=True)
class Moved:
    """An object of ours, and what its reader must know: what was left behind, and what the API server would refuse."""

    obj: Object
    notes: tuple[str, ...] = field(default=())

    @property
    def refused(self) -> tuple[str, ...]:
        kind, version = self.obj["kind"], self.obj["apiVersion"].rpartition("/")[2]
        unknown = tuple(f"{path}: unknown field" for path in crds.unknown_fields(kind, self.obj, version))
        return unknown + tuple(finding.line() for finding in crds.validate(kind, self.obj, version=version))


def ours(kind: str, metadata: Mapping[str, Any], spec: Object) -> Object:
    return {"apiVersion": meta.API_VERSION, "kind": kind, "metadata": dict(metadata), "spec": spec}


def written_by_people(metadata: Any) -> Object:
    """Metadata without what the API server and other controllers put there."""
    given = metadata if isinstance(metadata, dict) else {}
    kept = {key: value for key, value in given.items() if key not in (*_SERVERS, "finalizers")}
    annotations = kept.get("annotations")
    if isinstance(annotations, dict):
        applied = "kubectl.kubernetes.io/last-applied-configuration"
        kept["annotations"] = {key: value for key, value in annotations.items() if key != applied}
        if not kept["annotations"]:
            del kept["annotations"]
    return kept
