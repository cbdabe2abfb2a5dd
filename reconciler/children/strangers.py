"""Who else has a hand in what Headgate made, as `metadata.managedFields` says it. Pure.

Only the spec counts: labels, annotations and status are written by many. `replicas` are left out, for the removal pass
sets them again whatever they are. A manager's name is the client's own word, which is enough for a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from policies.managers import Path, dotted, owned

OURS: Final = frozenset({"headgate", "headgate-reconciler"})
CONTROL_PLANE: Final = frozenset({"kube-controller-manager"})
REPLICAS: Final[Path] = ("f:spec", "f:replicas")
CHILDREN: Final = frozenset({"Deployment", "StatefulSet"})

Entry = Mapping[str, Any]


def kept(kind: str, entries: Iterable[Entry] | None) -> list[Entry]:
    """What of an object's managedFields is worth keeping in memory: the strangers' part of a child, mostly nothing."""
    return [entry for entry in entries or () if kind in CHILDREN and _paths(entry)]


def strangers(obj: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By manager, the fields of the spec that somebody else set."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in obj["metadata"].get("managedFields") or ():
        if paths := _paths(entry):
            found[entry["manager"]] = tuple(sorted({*found.get(entry["manager"], ()), *map(dotted, paths)}))
    return found


def _paths(entry: Entry) -> list[Path]:
    if entry.get("manager") in OURS | CONTROL_PLANE or entry.get("subresource"):
        return []
    return [path for path in owned(entry) if path[:1] == ("f:spec",) and path != REPLICAS]
