"""What the engine knows of the other objects: projections of at most 1 KB each, indexed for the questions rules ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

MOST_KEPT: Final = 4096
"""Answers that are kept with a set of policies: two for each of 2,000 namespaces, together some 2 MiB."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """`place` is the same for two queues that read the same jobs, and `dead_letters` is the place of its dead ones."""

    namespace: str
    name: str
    queue_name: str
    broker: str
    place: str = ""
    dead_letters: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoolView:
    """`leaving` says that it is being deleted."""

    namespace: str
    name: str
    queues: tuple[str, ...]
    leaving: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class PolicyView:
    """A Policy (`namespace` set) or a ClusterPolicy (`namespace` empty), with its whole spec.

    Two views are the same only when they are one object. `kept` is room for what is compiled from it, which so goes
    when the view goes.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    spec: Mapping[str, Any]
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)


class Policies(tuple[PolicyView, ...]):
    """What may apply in a namespace, strongest first; as long as nothing changes it is the same object.

    What is worked out from the whole set is kept with it, and so goes with the first change of any policy: nobody
    fills the memory by writing policies, or by asking what one would do.
    """

    def __init__(self, _views: Iterable[PolicyView] = ()) -> None:
        self._kept: dict[Any, Any] = {}

    def kept(self, key: Any) -> Any:
        """What was kept under a key, or None."""
        return self._kept.get(key)

    def keep(self, key: Any, answer: Any) -> None:
        """Begins anew when it is full: names and labels that keys are made of are anybody's to make up."""
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = answer


class Snapshot(Protocol):
    """A read-only view of the watched world; every method is a dictionary look-up."""

    def queues(self, namespace: str) -> Mapping[str, QueueView]: ...

    def pools(self, namespace: str) -> Mapping[str, PoolView]: ...

    def queues_at(self, place: str) -> Sequence[QueueView]:
        """The queues, of any namespace, that read the same jobs (`policies.brokers.place`)."""
        ...

    def pools_of_queue(self, namespace: str, queue: str) -> Collection[str]:
        """The names of the pools that take jobs from a Queue of their namespace."""
        ...

    def policies(self, namespace: str) -> Policies:
        """Its own by name, then every ClusterPolicy by name."""
        ...

    def namespace_labels(self, namespace: str) -> Mapping[str, str]: ...

    def age_seconds(self) -> float:
        """Seconds since the last sign of life of the feed; 0 for a snapshot read from files."""
        ...
