"""The watched world in memory: objects by kind, namespace and name, with the few look-ups that phases need.

Pure: no clock, no I/O. Objects are the API server's JSON, as `trimming` leaves it; equal parts of them are one and the
same, so nobody may change them in place.
What is older than what is held is ignored, and so is everything about a uid that was removed: answers to our own
writes and watch events arrive in any order, and a deleted object must not come back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crds import meta
from policies.claims import claimed
from reconciler import nodes
from reconciler.keys import Key, key_of
from reconciler.sharing import Sharing

Object = dict[str, Any]
_REMEMBERED_REMOVALS: Final = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A look-up, and the same only as itself: the objects of `kind` by each of the words that `words` makes of them."""

    kind: str
    words: Callable[[Mapping[str, Any]], Iterable[str]]


def _queues(pool: Mapping[str, Any]) -> Iterator[str]:
    for queue in pool.get("spec", {}).get("queues", ()):
        yield f"{pool['metadata']['namespace']}/{queue['name']}"


def _pool_uid(child: Mapping[str, Any]) -> Iterator[str]:
    if uid := child["metadata"].get("labels", {}).get(meta.LABEL_POOL_UID):
        yield uid


POOLS_BY_QUEUE: Final = Index("WorkerPool", _queues)


def _node(pod: Mapping[str, Any]) -> Iterator[str]:
    if node := pod.get("spec", {}).get("nodeName"):
        yield node


def _leaving(node: Mapping[str, Any]) -> Iterator[str]:
    if nodes.is_leaving(node):
        yield ""


PODS_BY_POOL: Final = Index("Pod", _pool_uid)
PODS_BY_NODE: Final = Index("Pod", _node)
LEAVING_NODES: Final = Index("Node", _leaving)
DEPLOYMENTS_BY_POOL: Final = Index("Deployment", _pool_uid)
STATEFUL_SETS_BY_POOL: Final = Index("StatefulSet", _pool_uid)
INDEXES: Final = (
    POOLS_BY_QUEUE,
    PODS_BY_POOL,
    PODS_BY_NODE,
    DEPLOYMENTS_BY_POOL,
    STATEFUL_SETS_BY_POOL,
    LEAVING_NODES,
)


class Stored:
    """What is held, to be read: at most as new as the API server, and never going back in time."""

    def __init__(self, indexes: Iterable[Index] = INDEXES) -> None:
        self._objects: dict[Key, Object] = {}
        self._by_kind: dict[str, dict[Key, Object]] = {}
        self._indexes = {index: dict[str, dict[Key, Object]]() for index in indexes}
        self._removed: OrderedDict[str, None] = OrderedDict()

    def get(self, key: Key) -> Object | None:
        return self._objects.get(key)

    def queue(self, namespace: str, name: str) -> Object | None:
        return self._objects.get(Key("Queue", namespace, name))

    def pool(self, namespace: str, name: str) -> Object | None:
        return self._objects.get(Key("WorkerPool", namespace, name))

    def claimed(self, namespace: str) -> bool:
        """Whether another install has claimed the namespace; never, where Namespaces are not watched."""
        labels = (self._objects.get(Key("Namespace", "", namespace)) or {}).get("metadata", {}).get("labels") or {}
        return claimed(labels)

    def all(self, kind: str, namespace: str | None = None) -> list[Object]:
        """Every object of a kind, in no order."""
        found = self._by_kind.get(kind, {})
        return [obj for key, obj in found.items() if namespace is None or key.namespace == namespace]

    def unclaimed(self, kind: str, namespace: str | None = None) -> list[Object]:
        """The same without what another install looks after."""
        return [obj for obj in self.all(kind, namespace) if not self.claimed(obj["metadata"]["namespace"])]

    def was_removed(self, uid: str) -> bool:
        """Whether it is known, and lately, that the object of this uid is gone."""
        return uid in self._removed

    def count(self, kind: str) -> int:
        return len(self._by_kind.get(kind, ()))

    def keys(self, kind: str) -> list[Key]:
        return list(self._by_kind.get(kind, ()))

    def find(self, index: Index, word: str) -> list[Object]:
        return list(self._indexes[index].get(word, {}).values())

    def pools_of_queue(self, namespace: str, queue: str) -> list[Object]:
        return self.find(POOLS_BY_QUEUE, f"{namespace}/{queue}")

    def has_pools(self, namespace: str, queue: str) -> bool:
        """Whether any pool works a queue."""
        return f"{namespace}/{queue}" in self._indexes[POOLS_BY_QUEUE]

    def pods_of_pool(self, pool_uid: str) -> list[Object]:
        return self.find(PODS_BY_POOL, pool_uid)

    def pods_on(self, node: str) -> list[Object]:
        """The workers there, of all pools."""
        return self.find(PODS_BY_NODE, node)

    def workers_on(self, node: str) -> int:
        return len(self._indexes[PODS_BY_NODE].get(node, ()))

    def leaving_nodes(self) -> dict[str, bool]:
        """The nodes that are to be emptied, and of each whether in a hurry; none, where Nodes are not watched."""
        return {node["metadata"]["name"]: nodes.is_hurried(node) for node in self.find(LEAVING_NODES, "")}

    def children_of_pool(self, pool_uid: str) -> list[Object]:
        """Its Deployments, or its StatefulSet."""
        return [*self.find(DEPLOYMENTS_BY_POOL, pool_uid), *self.find(STATEFUL_SETS_BY_POOL, pool_uid)]

    def __len__(self) -> int:
        return len(self._objects)

    def _words(self, kind: str, obj: Object) -> Iterator[tuple[Index, str]]:
        for index in self._indexes:
            if index.kind == kind:
                for word in set(index.words(obj)):
                    yield index, word


class Store(Stored):
    """The same for the one that hears of everything."""

    def __init__(self, indexes: Iterable[Index] = INDEXES) -> None:
        super().__init__(indexes)
        self._sharing = Sharing()

    def put(self, obj: Object) -> Object | None:
        """Take an object over. Returns what was held before under its name, or None; `obj` itself if it is no news."""
        key = key_of(obj)
        held = self._objects.get(key)
        if obj["metadata"].get("uid") in self._removed or (held is not None and not _newer(obj, held)):
            return obj
        if held is not None:
            self._drop(key, held)
        self._objects[key] = self._sharing.share_parts(obj)
        self._by_kind.setdefault(key.kind, {})[key] = obj
        for index, word in self._words(key.kind, obj):
            self._indexes[index].setdefault(word, {})[key] = obj
        return held

    def remove(self, obj: Mapping[str, Any]) -> bool:
        """Forget an object for good; False where its name is not held, or already belongs to a successor."""
        key = key_of(obj)
        uid = obj["metadata"].get("uid", "")
        self._removed[uid] = None
        while len(self._removed) > _REMEMBERED_REMOVALS:
            self._removed.popitem(last=False)
        held = self._objects.get(key)
        if held is None or held["metadata"].get("uid", "") != uid:
            return False
        self._drop(key, held)
        return True

    def _drop(self, key: Key, held: Object) -> None:
        del self._objects[key]
        del self._by_kind[key.kind][key]
        for index, word in self._words(key.kind, held):
            entries = self._indexes[index][word]
            del entries[key]
            if not entries:
                del self._indexes[index][word]


def _newer(obj: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Whether `obj` is a later state than `held`. A successor under the same name is judged by its version too."""
    new, old = obj["metadata"].get("resourceVersion", ""), held["metadata"].get("resourceVersion", "")
    # Versions of one kind are comparable numbers on every supported API server; one that is no number is taken as new.
    return int(new) > int(old) if new.isdigit() and old.isdigit() else new != old
