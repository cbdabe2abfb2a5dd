"""What a child says of the queues its workers take jobs from: enough to prove them idle when those Queues are gone.

A Queue may be deleted before its workers have left, and the reconciler be started anew in between. So where the broker
is and how long a job may take stands on the child. Credentials do not: they are in Secrets, and no address has any.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from crds import meta
from reconciler.children.config import WorkedQueue
from reconciler.children.names import QUEUES

KEPT: Final = ("queueName", "broker", "maxJobDuration", "priorities")
_OF_A_NOTE: Final = 0
"""The generation of what is read from a note: none that a Queue has, for a note is never all of its spec."""

Object = Mapping[str, Any]


def note(queues: Sequence[WorkedQueue]) -> str:
    """The annotation's value."""
    found = {}
    for queue in queues:
        metadata, spec = queue.obj["metadata"], queue.obj["spec"]
        kept = {field: spec[field] for field in KEPT if field in spec}
        found[metadata["name"]] = {"uid": metadata["uid"], "spec": kept}
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def noted_on(children: Iterable[Object]) -> dict[str, dict[str, Any]]:
    """The queues by name, as Queue objects; where children differ the newest counts."""
    found: dict[str, dict[str, Any]] = {}
    for child in sorted(children, key=lambda one: str(one["metadata"]["creationTimestamp"])):
        metadata = child["metadata"]
        for name, queue in _read((metadata.get("annotations") or {}).get(QUEUES, "")).items():
            named = {"namespace": metadata["namespace"], "name": name, "uid": queue["uid"], "generation": _OF_A_NOTE}
            found[name] = {"kind": meta.QUEUE.kind, "metadata": named, "spec": queue["spec"]}
    return found


def _read(text: str) -> dict[str, Any]:
    """What others have made of it counts as nothing."""
    try:
        found = json.loads(text)
        return {name: one for name, one in found.items() if {"uid", "spec"} <= one.keys() and "broker" in one["spec"]}
    except (ValueError, AttributeError, TypeError):
        return {}
