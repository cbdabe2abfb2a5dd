"""The snapshot both processes use: plain dictionaries, filled from plain objects, read without locks on one thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Self

from crds import meta
from policies.claims import claimed
from policies.fields import text
from policies.projection import namespace_view, policy_view, pool_view, queue_view
from policies.snapshot import Policies, PolicyView, PoolView, QueueView

NAME_LABEL: Final = "kubernetes.io/metadata.name"
"""The label every Namespace carries, also one whose labels may not be read."""


class MemorySnapshot:
    """Objects go in by `put`, `remove` and `replace` (a whole kind, after a list); other kinds are ignored.

    `age` tells the seconds since the feed's last sign of life; what is read from files does not age.
    """

    def __init__(self, age: Callable[[], float] = lambda: 0.0) -> None:
        self._queues: dict[str, dict[str, QueueView]] = {}
        self._pools: dict[str, dict[str, PoolView]] = {}
        self._policies: dict[str, dict[str, PolicyView]] = {}
        self._namespaces: dict[str, Mapping[str, str]] = {}
        self._places: dict[str, tuple[QueueView, ...]] = {}
        self._pools_by_queue: dict[tuple[str, str], set[str]] = {}
        self._ordered: dict[str, Policies] = {}
        self._age = age

    @classmethod
    def of(cls, objects: Iterable[Mapping[str, Any]]) -> Self:
        """A snapshot of objects that say their own kind."""
        snapshot = cls()
        for obj in objects:
            snapshot.put(text(obj, "kind"), obj)
        return snapshot

    def put(self, kind: str, obj: Mapping[str, Any]) -> None:
        """Add an object or replace the one of its name."""
        match kind:
            case meta.QUEUE.kind:
                self._put_queue(queue_view(obj))
            case meta.WORKER_POOL.kind:
                self._put_pool(pool_view(obj))
            case meta.POLICY.kind | meta.CLUSTER_POLICY.kind:
                self._put_policy(policy_view(kind, obj))
            case "Namespace":
                name = text(obj, "metadata", "name")
                self._namespaces[name] = {NAME_LABEL: name, **namespace_view(obj)}

    def remove(self, kind: str, obj: Mapping[str, Any]) -> None:
        """Forget an object; one that is not known is no error, a watch may tell of it twice."""
        namespace, name = text(obj, "metadata", "namespace"), text(obj, "metadata", "name")
        match kind:
            case meta.QUEUE.kind:
                self._drop_queue(namespace, name)
            case meta.WORKER_POOL.kind:
                self._drop_pool(namespace, name)
            case meta.POLICY.kind | meta.CLUSTER_POLICY.kind:
                _forget(self._policies, namespace, name)
                self._ordered.clear()
            case "Namespace":
                self._namespaces.pop(name, None)

    def replace(self, kind: str, objects: Iterable[Mapping[str, Any]]) -> None:
        """Make these all there is of a kind."""
        match kind:
            case meta.QUEUE.kind:
                self._queues, self._places = {}, {}
            case meta.WORKER_POOL.kind:
                self._pools, self._pools_by_queue = {}, {}
            case meta.POLICY.kind:
                self._policies = {"": self._policies[""]} if "" in self._policies else {}
            case meta.CLUSTER_POLICY.kind:
                self._policies.pop("", None)
            case "Namespace":
                self._namespaces = {}
        self._ordered.clear()
        for obj in objects:
            self.put(kind, obj)

    def __len__(self) -> int:
        held = (self._queues, self._pools, self._policies)
        return sum(len(names) for by_namespace in held for names in by_namespace.values())

    def queues(self, namespace: str) -> Mapping[str, QueueView]:
        return self._queues.get(namespace, {})

    def pools(self, namespace: str) -> Mapping[str, PoolView]:
        return self._pools.get(namespace, {})

    def queues_at(self, place: str) -> Sequence[QueueView]:
        return self._places.get(place, ())

    def pools_of_queue(self, namespace: str, queue: str) -> Collection[str]:
        return self._pools_by_queue.get((namespace, queue), ())

    def policies(self, namespace: str) -> Policies:
        # Namespaces without policies of their own share one answer: anybody may name any number of namespaces.
        known = namespace if namespace in self._policies else ""
        ordered = self._ordered.get(known)
        if ordered is None:
            own = self._policies.get(known, {}) if known else {}
            cluster = self._policies.get("", {})
            ordered = Policies((*(own[name] for name in sorted(own)), *(cluster[name] for name in sorted(cluster))))
            self._ordered[known] = ordered
        return ordered

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        return self._namespaces.get(namespace) or {NAME_LABEL: namespace}

    def count(self, kind: str, namespace: str | None = None) -> int:
        """How many Queues or WorkerPools there are, in one namespace or in all that no other install has claimed."""
        held = self._queues if kind == meta.QUEUE.kind else self._pools
        if namespace is not None:
            return len(held.get(namespace, {}))
        return sum(len(names) for of, names in held.items() if not claimed(self.namespace_labels(of)))

    def every_policy(self) -> Iterator[PolicyView]:
        """The policies of all namespaces, for those who make them ready before they are needed."""
        for names in self._policies.values():
            yield from names.values()

    def age_seconds(self) -> float:
        return self._age()

    def _put_policy(self, view: PolicyView) -> None:
        """A view stays while its spec does: what is compiled from it hangs on it, and status is written often."""
        held = self._policies.get(view.namespace, {}).get(view.name)
        if held is not None and (held.uid, held.generation) == (view.uid, view.generation) and held.spec == view.spec:
            return
        self._policies.setdefault(view.namespace, {})[view.name] = view
        self._ordered.clear()

    def _put_queue(self, view: QueueView) -> None:
        self._drop_queue(view.namespace, view.name)
        self._queues.setdefault(view.namespace, {})[view.name] = view
        self._places[view.place] = (*self._places.get(view.place, ()), view)

    def _drop_queue(self, namespace: str, name: str) -> None:
        held = self._queues.get(namespace, {}).get(name)
        if held is None:
            return
        _forget(self._queues, namespace, name)
        left = tuple(view for view in self._places[held.place] if view is not held)
        if left:
            self._places[held.place] = left
        else:
            del self._places[held.place]

    def _put_pool(self, view: PoolView) -> None:
        self._drop_pool(view.namespace, view.name)
        self._pools.setdefault(view.namespace, {})[view.name] = view
        for queue in view.queues:
            self._pools_by_queue.setdefault((view.namespace, queue), set()).add(view.name)

    def _drop_pool(self, namespace: str, name: str) -> None:
        held = self._pools.get(namespace, {}).get(name)
        if held is None:
            return
        _forget(self._pools, namespace, name)
        for queue in set(held.queues):
            pools = self._pools_by_queue[namespace, queue]
            pools.discard(name)
            if not pools:
                del self._pools_by_queue[namespace, queue]


def _forget(by_namespace: dict[str, dict[str, Any]], namespace: str, name: str) -> None:
    names = by_namespace.get(namespace, {})
    names.pop(name, None)
    if not names:
        by_namespace.pop(namespace, None)
