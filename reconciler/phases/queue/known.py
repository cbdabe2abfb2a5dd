"""What is in force for a Queue, for its own phases and for those of the pools that work it off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crds import meta
from policies import applying
from policies import effective as effective_values
from reconciler.context import Context
from reconciler.keys import key_of
from reconciler.memory import QueueMemory


def known(queue: Mapping[str, Any], ctx: Context) -> QueueMemory:
    """Worked out anew only where the spec or a policy has changed: queues are looked at every second, by many."""
    key, metadata = key_of(queue), queue["metadata"]
    policies = applying(meta.QUEUE.kind, queue, ctx.snapshot).views
    held, version = ctx.queues.get(key), (metadata["uid"], metadata["generation"])
    if held is None or (held.uid, held.generation) != version or held.policies != policies:
        effective = effective_values.queue(queue["spec"], policies)
        held = ctx.queues[key] = QueueMemory(*version, policies, effective)
    return held
