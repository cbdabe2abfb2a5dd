"""Who else writes what Headgate owns: told by the managed fields of an object, and by whose target it is. Pure.

Managed fields are most of what an object weighs, so only the entries that matter here are kept with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.children.strangers import CHILDREN

_AUTOSCALERS: Final = re.compile(r"kube-controller-manager|keda.*|.*autoscaler.*")
"""Field managers that set replicas by themselves: the HorizontalPodAutoscaler controller is part of the first."""
_SCALE: Final = "scale"


def kept(kind: str, entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The managed fields worth keeping, each once: those of autoscalers that write replicas. Of what was kept, all."""
    found = [_short(entry) for entry in entries if _is_autoscaler(entry) and _of_replicas(kind, entry)]
    return [entry for place, entry in enumerate(found) if entry not in found[:place]]


def autoscaler_of(obj: Mapping[str, Any]) -> tuple[str, str] | None:
    """The autoscaler that last set the object's replicas, and when; None where nobody but people and Headgate did."""
    entries = [(str(entry.get("time", "")), str(entry["manager"])) for entry in _entries(obj) if _scales(entry)]
    time, manager = max(entries, default=("", ""))
    return (manager, time) if manager else None


def autoscaler_at(kind: str, name: str, autoscalers: Iterable[Mapping[str, Any]]) -> str:
    """The name of the HorizontalPodAutoscaler whose target the object is; empty where it is none's."""
    for one in autoscalers:
        target = one["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) == (kind, name):
            return str(one["metadata"]["name"])
    return ""


def _entries(obj: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from obj["metadata"].get("managedFields") or ()


def _is_autoscaler(entry: Mapping[str, Any]) -> bool:
    return _AUTOSCALERS.fullmatch(str(entry.get("manager", ""))) is not None


def _of_replicas(kind: str, entry: Mapping[str, Any]) -> bool:
    """A pool has no replicas but by its scale subresource, which writes its hold."""
    if entry.get("subresource") == _SCALE:
        return kind == "WorkerPool" or kind in CHILDREN
    return kind in CHILDREN and "f:replicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})


def _scales(entry: Mapping[str, Any]) -> bool:
    return entry.get("subresource") == _SCALE and _is_autoscaler(entry)


def _short(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"manager": entry["manager"], "time": entry.get("time", ""), "subresource": _SCALE}
