"""The store with the work queue behind it: what changes in the one wakes keys in the other."""

from __future__ import annotations

from typing import Literal

from kube.client import Object
from policies import MemorySnapshot
from reconciler.keys import Key, key_of
from reconciler.observations import QueueName
from reconciler.routing import concerned
from reconciler.store import Store
from reconciler.workqueue import WorkQueue


class World:
    """Everything that hears of an object comes through here."""

    def __init__(self, queue: WorkQueue[Key]) -> None:
        self.store = Store()
        self.snapshot = MemorySnapshot()
        self.queue = queue

    def seen(self, what: Literal["put", "remove"], obj: Object) -> None:
        """A watch event."""
        if what == "remove":
            self.vanished(obj)
            return
        before = self.store.put(obj)
        if before is not obj:
            self.snapshot.put(obj["kind"], obj)
            self._wake(obj, before)

    def answered(self, obj: Object) -> None:
        """The answer to a write of ours. What others had written by then is in it too, and the watch brings no news of
        that any more: their edit would wait for the next resync.
        """
        self.seen("put", obj)

    def vanished(self, obj: Object) -> None:
        if self.store.remove(obj):
            self.snapshot.remove(obj["kind"], obj)
            self._wake(obj, obj)

    def wake_pools(self, queue: QueueName) -> None:
        for pool in self.store.pools_of_queue(*queue):
            self.queue.add(key_of(pool))

    def _wake(self, obj: Object, before: Object | None) -> None:
        for key in concerned(self.store, obj, before):
            self.queue.add(key)
