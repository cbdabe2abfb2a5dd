"""The store with the work queue behind it: what changes in the one wakes keys in the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from kube.client import Object
from policies import MemorySnapshot
from reconciler.keys import Key, key_of
from reconciler.observations import QueueName
from reconciler.routing import concerned, differs
from reconciler.store import Store
from reconciler.trimming import trim
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
        kept = trim(obj)
        before = self.store.put(kept)
        if before is not kept:
            self.snapshot.put(obj["kind"], kept)
            self._wake(kept, before)

    def answered(self, obj: Object, alone: Mapping[str, Any]) -> None:
        """The answer to a write of ours, and what that write `alone` would have left.

        What others had written by then is in the answer too, and the watch brings no news of it any more: without
        being woken here, their edit would wait for the next resync. What is ours wakes nobody.
        """
        kept = trim(obj)
        if _is_gone(obj) or self.store.put(kept) is kept:
            return
        self.snapshot.put(obj["kind"], kept)
        # Alone may hold what is not kept, as of a pod that was listed: that is no edit of anybody.
        if differs(kept, left := trim(alone)):
            self._wake(kept, left)

    def vanished(self, obj: Object) -> None:
        if self.store.remove(obj):
            self.snapshot.remove(obj["kind"], obj)
            self._wake(obj, obj)

    def wake_pools(self, queue: QueueName) -> None:
        for pool in self.store.pools_of_queue(*queue):
            self.queue.add(key_of(pool))

    def _wake(self, obj: Object, before: Mapping[str, Any] | None) -> None:
        for key in concerned(self.store, obj, before):
            self.queue.add(key)


def _is_gone(obj: Object) -> bool:
    """Whether the write took off the last that kept a deleted object. Left out, the watch brings whatever it was."""
    metadata = obj["metadata"]
    return "deletionTimestamp" in metadata and not metadata.get("finalizers")
