"""Fields that are in the API and have no effect yet. Setting one is allowed; webhook and status say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

NOT_YET: Final[Mapping[str, Mapping[str, str]]] = {
    "Queue": {
        "spec.broker.kafka": "Kafka is not observed yet",
        "spec.circuitBreaker": "breakers never open yet",
        "spec.retention": "nothing is removed yet",
    },
    "WorkerPool": {},
    "Policy": {
        "spec.defaults.retention": "nothing is removed yet",
        "spec.defaults.circuitBreaker": "breakers never open yet",
    },
}


@dataclass(frozen=True, slots=True)
class _Step:
    """One field on the way to entries of the table: those that end here, and the steps below it."""

    ends: list[str] = field(default_factory=list)
    below: dict[str, _Step] = field(default_factory=dict)


def without_effect(kind: str, obj: Mapping[str, Any]) -> tuple[str, ...]:
    """The spec paths set in `obj` whose behaviour is not there yet; never raises for JSON input."""
    steps = _steps("Policy" if kind == "ClusterPolicy" else kind)
    return () if _is_clean(steps, obj) else tuple(_found(steps, obj, ""))


def why(kind: str, path: str) -> str:
    """Why a path that `without_effect` named has none."""
    return NOT_YET["Policy" if kind == "ClusterPolicy" else kind][path]


@cache
def _steps(kind: str) -> Mapping[str, _Step]:
    """The table as a tree, so that an object is looked through once and not once for each entry."""
    top = _Step()
    for entry in NOT_YET[kind]:
        step = top
        for name in entry.split("."):
            step = step.below.setdefault(name, _Step())
        step.ends.append(entry)
    return top.below


def _is_clean(steps: Mapping[str, _Step], node: Any) -> bool:
    """Whether nothing would be found: the usual case, without a path spelt for what is not told."""
    if type(node) is not dict:
        return not isinstance(node, dict)
    for name, step in steps.items():
        if (value := node.get(name)) is None:
            continue
        if step.ends or not _is_clean(step.below, value):
            return False
    return True


def _found(steps: Mapping[str, _Step], node: Any, path: str) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    for name, step in steps.items():
        value = node.get(name)
        if value is None:
            continue
        here = f"{path}.{name}" if path else name
        if step.ends:
            yield here
        if step.below:
            yield from _found(step.below, value, here)
