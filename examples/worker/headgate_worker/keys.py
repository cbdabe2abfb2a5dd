"""Where a queue's things are at the broker: section 5 of the contract, and nothing else knows key names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .config import Layout, QueueConfig


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one queue. `lanes` are the waiting lists or streams, strictest first."""

    base: str
    records: str
    bucket: str
    scheduled: str
    dead: str
    in_flight: str
    lease: str
    lanes: tuple[str, ...]

    def of_lanes(self, lanes: Sequence[bytes | str] | None = None) -> list[bytes | str]:
        """The KEYS of a script, see lua/shared.lua, with the queue's own lanes or the given ones."""
        common: list[bytes | str] = [self.records, self.bucket, self.scheduled, self.dead, self.in_flight, self.lease]
        return [*common, *(self.lanes if lanes is None else lanes)]


def of(queue: QueueConfig, instance: str, in_flight: str = "") -> Keys:
    """The keys as used by one instance; `in_flight` overrides its list, as another instance's record may say."""
    base = queue.key_prefix + queue.queue_name
    return Keys(
        base=base,
        records=f"{base}:workers",
        bucket=f"{base}:rate",
        scheduled=f"{base}:scheduled",
        dead=queue.key_prefix + queue.dead_letter,
        in_flight=in_flight or f"{queue.processing_key}:{instance}",
        lease=f"{base}:recovery",
        lanes=tuple(f"{base}:{priority}" for priority in queue.priorities) or (base,),
    )


def whereabouts(queue: QueueConfig, instance: str) -> str:
    """What a record says about where the instance's jobs in flight are: its list, or its consumer group."""
    return of(queue, instance).in_flight if queue.layout is Layout.LIST else queue.consumer_group
