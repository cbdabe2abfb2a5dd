"""Which keys a change of an object wakes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from crds import meta
from reconciler.keys import Key, key_of
from reconciler.nodes import is_leaving
from reconciler.store import Stored

_OURS: Final = frozenset(kind.kind for kind in meta.KINDS)
_METADATA: Final = ("uid", "labels", "annotations", "finalizers", "deletionTimestamp")


def concerned(store: Stored, obj: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[Key]:
    """The keys to work after `obj` has taken the place of `before`; with `before` the same, after it was removed."""
    kind = obj["kind"]
    if kind in _OURS and before is not None and before is not obj and not differs(obj, before):
        return
    if kind in _OURS:
        yield key_of(obj)
    namespace = obj["metadata"].get("namespace", "")
    match kind:
        case "Queue":
            # A pool's demand, its limits and the configuration its workers read come from its queues.
            for pool in store.pools_of_queue(namespace, obj["metadata"]["name"]):
                yield key_of(pool)
        case "Policy":
            # What a policy defaults is in force in every object of the namespace.
            yield from _keys(store, ("Queue", "WorkerPool"), namespace)
        case "ClusterPolicy":
            yield from _keys(store, ("Queue", "WorkerPool"), None)
        case "Namespace" if before is obj or _labels(obj) != _labels(before):
            # They say who has claimed it, and which ClusterPolicies apply in it.
            yield from _keys(store, ("Queue", "WorkerPool", "Policy"), obj["metadata"]["name"])
        case "Pod" | "Deployment" | "StatefulSet":
            yield from _pool(obj)
        case "Node" if before is not obj and is_leaving(obj) != is_leaving(before or {}):
            # Its workers are to leave, or may stay after all.
            yield from {key for pod in store.pods_on(obj["metadata"]["name"]) for key in _pool(pod)}


def _keys(store: Stored, kinds: Iterable[str], namespace: str | None) -> Iterator[Key]:
    for kind in kinds:
        yield from (key for key in store.keys(kind) if namespace is None or key.namespace == namespace)


def _pool(obj: Mapping[str, Any]) -> Iterator[Key]:
    """The pool that a child or a worker is of."""
    if name := _labels(obj).get(meta.LABEL_POOL):
        yield Key("WorkerPool", obj["metadata"].get("namespace", ""), name)


def _labels(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    return (obj or {}).get("metadata", {}).get("labels") or {}


def differs(obj: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether there is anything to follow. Of our own kinds the status is not: our writes of it must not wake what made
    them. Of all others it is, and their generation grows with what is written to them.
    """
    new, old = obj["metadata"], before["metadata"]
    ours = obj["kind"] in _OURS
    if not ours and any(obj.get(part) != before.get(part) for part in ("spec", "status")):
        return True
    watched = (*_METADATA, "generation") if ours else _METADATA
    return any((new.get(field) or None) != (old.get(field) or None) for field in watched)
