"""What of a watched object is kept in memory: what somebody here reads, and of Pods and children that is little. Pure.

A pod repeats the template that its pool has made it from, and a child has it whole. Read of either are sizes, images
and grace periods; a Pod that is trimmed and shared takes 2 KiB and not 13. Who reads another field has to add it here:
of objects that are listed it would be there, and of those in the store not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler import nodes, ownership
from reconciler.children import strangers
from reconciler.children.environment import ADMIN_PORT

Object = dict[str, Any]
POD_SPEC: Final = ("nodeName", "terminationGracePeriodSeconds")
POD_STATUS: Final = ("phase", "podIP", "conditions", "containerStatuses", "initContainerStatuses")
CONTAINER: Final = ("name", "image", "resources")


def trim(obj: Mapping[str, Any]) -> Object:
    """The object with no more than is kept. What is given stays as it is."""
    kind = obj["kind"]
    if kind == "Node":
        return nodes.trimmed(obj)
    return {**obj, "metadata": _metadata(kind, obj["metadata"]), **_parts(kind, obj)}


def _metadata(kind: str, metadata: Mapping[str, Any]) -> Object:
    entries = metadata.get("managedFields") or ()
    foreign = [*strangers.kept(kind, entries), *ownership.kept(kind, entries)]
    rest = {field: value for field, value in metadata.items() if field != "managedFields"}
    return {**rest, "managedFields": foreign} if foreign else rest


def _parts(kind: str, obj: Mapping[str, Any]) -> Object:
    spec = obj.get("spec") or {}
    if kind == "Pod":
        found = {"spec": _pod_spec(spec), "status": _only(obj.get("status") or {}, POD_STATUS)}
        return {part: value for part, value in found.items() if part in obj}
    if kind in strangers.CHILDREN and "template" in spec:
        return {"spec": {**spec, "template": {"spec": _pod_spec(spec["template"].get("spec") or {})}}}
    return {}


def _pod_spec(spec: Mapping[str, Any]) -> Object:
    containers = {"containers": list(map(_container, spec["containers"]))} if "containers" in spec else {}
    return {**_only(spec, POD_SPEC), **containers}


def _container(container: Mapping[str, Any]) -> Object:
    """The port at which a worker answers is the one thing that it is asked for of its environment."""
    ports = [one for one in container.get("env") or () if one["name"] == ADMIN_PORT]
    return {**_only(container, CONTAINER), **({"env": ports} if ports else {})}


def _only(value: Mapping[str, Any], fields: Iterable[str]) -> Object:
    return {field: value[field] for field in fields if field in value}
